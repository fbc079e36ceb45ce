using System.Net;

namespace IdP.Server.Storage.Clients;

/// <summary>What may be registered as an address. Each answers null when the value is good, otherwise the reason, quoting the value.</summary>
internal static class UriRules
{
    private static readonly string[] ScriptSchemes = ["javascript", "data", "vbscript", "blob", "file", "about", "view-source"];

    /// <summary>RFC 6749 §3.1.2, RFC 9700 §4.1, RFC 8252 §7: https, http on loopback, or a private-use scheme with a dot for public native apps.</summary>
    public static string? Redirect(string value, bool publicClient)
    {
        if (Absolute(value, out var uri) is { } reason)
            return reason;
        if (IsWeb(uri!))
            return null;
        if (uri!.Scheme == Uri.UriSchemeHttp)
            return $"'{value}' must use https; http is for loopback addresses only";
        if (ScriptSchemes.Contains(uri.Scheme, StringComparer.Ordinal))
            return $"'{value}' has the scheme '{uri.Scheme}', which is never allowed";
        if (!uri.Scheme.Contains('.', StringComparison.Ordinal))
            return $"'{value}' has the scheme '{uri.Scheme}'; a private-use scheme must be a reversed domain name such as 'com.example.app' (RFC 8252 §7.1)";
        return publicClient ? null : $"'{value}' has a private-use scheme, which is for public clients only (requireClientSecret: false)";
    }

    public static string? Web(string value) =>
        Absolute(value, out var uri) ?? (IsWeb(uri!) ? null : $"'{value}' must be https, or http on a loopback address");

    public static string? Origin(string value) =>
        Web(value) ?? (new Uri(value).GetLeftPart(UriPartial.Authority) == value ? null : $"'{value}' must be an origin: scheme, host and port in lower case, without path or trailing slash");

    private static string? Absolute(string value, out Uri? uri)
    {
        uri = null;
        if (value.Length > 2000)
            return "is longer than 2000 characters";
        if (value.Any(c => c is <= ' ' or >= (char)0x7f or '\\' or '"' or '<' or '>'))
            return $"'{Printable(value)}' has characters that a URI cannot have";
        if (value.Contains('*', StringComparison.Ordinal))
            return $"'{value}' has a wildcard; addresses are compared exactly";
        // A leading slash would be taken for a file on Unix.
        if (value.StartsWith('/') || !Uri.TryCreate(value, UriKind.Absolute, out uri))
            return $"'{value}' is not an absolute URI";
        if (value.Contains('#', StringComparison.Ordinal))
            return $"'{value}' has a fragment, which RFC 6749 §3.1.2 forbids";
        if (uri.UserInfo.Length > 0)
            return $"the address at host '{uri.Host}' has a user name or password in it";
        if (uri.Scheme is "http" or "https" && !value.StartsWith(uri.Scheme + "://", StringComparison.OrdinalIgnoreCase))
            return $"'{value}' is not an absolute URI";
        return null;
    }

    private static bool IsWeb(Uri uri) =>
        uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && IsLoopback(uri));

    /// <summary>By name or literal; never by asking the resolver.</summary>
    public static bool IsLoopback(Uri uri) =>
        uri.Host == "localhost" || uri.Host.EndsWith(".localhost", StringComparison.Ordinal)
        || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static string Printable(string value) => new([.. value.Select(c => char.IsControl(c) ? '?' : c)]);
}
