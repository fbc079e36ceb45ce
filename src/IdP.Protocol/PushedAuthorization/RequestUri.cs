using IdP.Protocol.Authorize;

namespace IdP.Protocol.PushedAuthorization;

/// <summary>RFC 9126 §2.2: the name under which a pushed request is found.</summary>
public static class RequestUri
{
    private const string Prefix = "urn:ietf:params:oauth:request_uri:";
    /// <summary>A host may put a request of its own, one that nobody pushed, into the handle itself.</summary>
    private const int LongestHandle = 6500;

    public static string For(string handle) => Prefix + handle;

    /// <summary>What follows the prefix; null when the address is not one of ours.</summary>
    internal static string? HandleOf(string? requestUri) =>
        requestUri?.StartsWith(Prefix, StringComparison.Ordinal) is true ? requestUri[Prefix.Length..] : null;

    internal static bool IsWellFormed(string handle) => handle.Length is > 0 and <= LongestHandle && !handle.AsSpan().ContainsAnyExcept(Pkce.Base64UrlCharacters);
}
