using IdP.Protocol.Authorize;

namespace IdP.Protocol.PushedAuthorization;

/// <summary>RFC 9126 §2.2: the name under which a pushed request is found.</summary>
public static class RequestUri
{
    private const string Prefix = "urn:ietf:params:oauth:request_uri:";
    private const int HandleLength = 43;

    public static string For(string handle) => Prefix + handle;

    /// <summary>256 random bits, base64url.</summary>
    public static string NewHandle() => Secrets.New(32);

    /// <summary>What follows the prefix; null when the address is not one of ours.</summary>
    internal static string? HandleOf(string? requestUri) =>
        requestUri?.StartsWith(Prefix, StringComparison.Ordinal) is true ? requestUri[Prefix.Length..] : null;

    internal static bool IsWellFormed(string handle) => handle.Length == HandleLength && !handle.AsSpan().ContainsAnyExcept(Pkce.Base64UrlCharacters);
}
