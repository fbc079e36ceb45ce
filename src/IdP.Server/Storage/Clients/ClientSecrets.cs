using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using IdP.Protocol.Clients;

namespace IdP.Server.Storage.Clients;

/// <summary>
/// Client secrets are hashed once with SHA-256, so they must not be guessable: 256 random bits where this server makes one. One that somebody chose is checked on the way in:
/// anybody may guess at it at the token endpoint, and in a stolen database much faster.
/// </summary>
internal static class ClientSecrets
{
    public const int MinimumLength = 20;
    /// <summary>10^20 guesses.</summary>
    private static readonly double MinimumBits = 20 * Math.Log2(10);

    /// <summary>256 bits, base64url.</summary>
    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public static ClientSecret Hash(string plain, DateTimeOffset? expiresAt = null, string? description = null) =>
        new(SHA256.HashData(Encoding.UTF8.GetBytes(plain)), expiresAt, description);

    /// <summary>What operators call a secret by, once it cannot be shown any more: the beginning of its hash.</summary>
    public static string IdOf(ClientSecret secret) => Convert.ToHexStringLower(secret.Sha256.AsSpan(0, 4));

    /// <summary>The reason why the secret is not good enough, never the secret; null when it is.</summary>
    public static string? Fault(string plain) =>
        plain.Length < MinimumLength ? $"has {plain.Length} characters; a secret needs at least {MinimumLength} (try: openssl rand -base64 32)"
        : plain.Length > 200 ? "is longer than 200 characters"
        // RFC 6749 appendix A.2: VSCHAR.
        : plain.Any(c => c is < ' ' or > '~') ? "has characters other than printable ASCII"
        : Guessability.Of(plain).Bits < MinimumBits ? "is too easy to guess: fewer than 10^20 guesses (try: openssl rand -base64 32)"
        : null;
}
