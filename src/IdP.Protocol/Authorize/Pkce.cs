using System.Buffers;

namespace IdP.Protocol.Authorize;

/// <summary>RFC 7636: the verifier and the challenge made from it.</summary>
internal static class Pkce
{
    public static readonly SearchValues<char> Base64UrlCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    private static readonly SearchValues<char> Unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    /// <summary>§4.6, and RFC 9700 §4.8.2: a verifier where no challenge was sent is a downgrade, not a courtesy.</summary>
    public static bool Holds(string? challenge, string? verifier)
    {
        if (challenge is null || verifier is null)
            return challenge is null && verifier is null;
        return verifier.Length is >= 43 and <= 128
            && !verifier.AsSpan().ContainsAnyExcept(Unreserved)
            && Secrets.Same(Secrets.HashText(verifier), challenge);
    }
}
