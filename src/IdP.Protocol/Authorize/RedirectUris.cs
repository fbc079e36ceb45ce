using System.Globalization;

namespace IdP.Protocol.Authorize;

/// <summary>
/// RFC 9700 §4.1.3: compared as strings, nothing normalised. RFC 8252 §7.3: on http://127.0.0.1 and http://[::1] alone the port may differ, because a native app
/// learns its port only when it runs. Not on "localhost", which may resolve to something else (§8.3).
/// </summary>
internal static class RedirectUris
{
    private static readonly string[] Loopback = ["http://127.0.0.1", "http://[::1]"];

    public static bool Matches(string sent, IReadOnlyList<string> registered)
    {
        foreach (var uri in registered)
        {
            if (string.Equals(uri, sent, StringComparison.Ordinal))
                return true;
        }
        if (WithoutLoopbackPort(sent) is not { } bare)
            return false;
        foreach (var uri in registered)
        {
            if (WithoutLoopbackPort(uri) is { } other && string.Equals(other, bare, StringComparison.Ordinal))
                return true;
        }
        return false;
    }

    /// <summary>Null when the address is not literal loopback, or when what follows the host is neither nothing, a port, a path nor a query.</summary>
    private static string? WithoutLoopbackPort(string uri)
    {
        foreach (var host in Loopback)
        {
            if (!uri.StartsWith(host, StringComparison.Ordinal))
                continue;
            var rest = uri.AsSpan(host.Length);
            if (rest.Length > 0 && rest[0] == ':')
            {
                var digits = rest[1..].IndexOfAnyExceptInRange('0', '9');
                digits = digits < 0 ? rest.Length - 1 : digits;
                if (!ushort.TryParse(rest.Slice(1, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
                    return null;
                rest = rest[(1 + digits)..];
            }
            return rest.Length == 0 || rest[0] is '/' or '?' ? string.Concat(host, rest) : null;
        }
        return null;
    }
}
