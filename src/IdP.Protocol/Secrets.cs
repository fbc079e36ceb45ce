using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace IdP.Protocol;

/// <summary>Random values that grant something, and the hashes they are found by.</summary>
internal static class Secrets
{
    /// <summary>Random bytes as base64url: 32 give 43 characters, 16 give 22.</summary>
    public static string New(int bytes)
    {
        Span<byte> random = stackalloc byte[64];
        random = random[..bytes];
        RandomNumberGenerator.Fill(random);
        return Base64Url.EncodeToString(random);
    }

    public static byte[] Hash(string value) => SHA256.HashData(Encoding.UTF8.GetBytes(value));

    /// <summary>SHA-256 as base64url: PKCE's S256 (RFC 7636 §4.2).</summary>
    public static string HashText(string value) => Base64Url.EncodeToString(Hash(value));

    /// <summary>The left half of SHA-256, base64url: at_hash (OIDC Core §3.1.3.6).</summary>
    public static string HalfHash(string value) => Base64Url.EncodeToString(Hash(value).AsSpan(0, 16));

    public static bool Same(string a, string b) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(a), Encoding.UTF8.GetBytes(b));
}
