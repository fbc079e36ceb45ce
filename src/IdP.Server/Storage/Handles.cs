using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace IdP.Server.Storage;

/// <summary>Random names that nobody can guess. What grants something is kept as its hash only.</summary>
internal static class Handles
{
    private const int HandleLength = 43;
    private const int IdLength = 22;
    private static readonly SearchValues<char> Alphabet = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>256 random bits, base64url (43 characters): for what grants something.</summary>
    public static string New() => Draw(32);

    /// <summary>128 random bits, base64url (22 characters): for what only names something.</summary>
    public static string NewId() => Draw(16);

    /// <summary>Whether <see cref="New"/> can have drawn it. Asked of whatever comes from outside before a store is: PostgreSQL does not even take every character.</summary>
    public static bool IsHandle([NotNullWhen(true)] string? shown) => IsDrawn(shown, HandleLength);

    /// <summary>Whether <see cref="NewId"/> can have drawn it.</summary>
    public static bool IsId([NotNullWhen(true)] string? shown) => IsDrawn(shown, IdLength);

    /// <summary>SHA-256 of the UTF-8 bytes.</summary>
    public static byte[] Hash(string handle) => SHA256.HashData(Encoding.UTF8.GetBytes(handle));

    /// <summary>The hash as base64url, for keys that are text.</summary>
    public static string HashText(string handle) => Base64Url.EncodeToString(Hash(handle));

    /// <summary>Base64url of that many characters.</summary>
    public static bool IsDrawn([NotNullWhen(true)] string? shown, int length) => shown?.Length == length && !shown.AsSpan().ContainsAnyExcept(Alphabet);

    private static string Draw(int bytes)
    {
        Span<byte> random = stackalloc byte[bytes];
        RandomNumberGenerator.Fill(random);
        return Base64Url.EncodeToString(random);
    }
}
