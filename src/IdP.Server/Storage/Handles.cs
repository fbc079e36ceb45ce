using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace IdP.Server.Storage;

/// <summary>Random names that nobody can guess. What grants something is kept as its hash only.</summary>
internal static class Handles
{
    /// <summary>256 random bits, base64url (43 characters): for what grants something.</summary>
    public static string New() => Draw(32);

    /// <summary>128 random bits, base64url (22 characters): for what only names something.</summary>
    public static string NewId() => Draw(16);

    /// <summary>SHA-256 of the UTF-8 bytes.</summary>
    public static byte[] Hash(string handle) => SHA256.HashData(Encoding.UTF8.GetBytes(handle));

    /// <summary>The hash as base64url, for keys that are text.</summary>
    public static string HashText(string handle) => Base64Url.EncodeToString(Hash(handle));

    private static string Draw(int bytes)
    {
        Span<byte> random = stackalloc byte[bytes];
        RandomNumberGenerator.Fill(random);
        return Base64Url.EncodeToString(random);
    }
}
