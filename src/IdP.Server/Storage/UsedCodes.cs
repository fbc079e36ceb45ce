using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace IdP.Server.Storage;

/// <summary>
/// Marks that something was used once, and so never again. A row's key is when the thing was good until (Unix seconds, four bytes, big-endian), then SHA-256 of
/// its text: what is marked at the same time lies on the same page of the tree, and what is over stands at its front.
/// </summary>
internal static class UsedCodes
{
    /// <summary>How long after a code's end a replay of it is still recognised.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromHours(1);

    private const int TimeBytes = 4;
    private const int RandomBytes = 32;
    private const int CodeLength = (TimeBytes + RandomBytes) / 3 * 4;

    /// <summary>256 random bits after the time that <see cref="EndOf"/> reads, base64url (48 characters).</summary>
    public static string NewCode(DateTimeOffset end)
    {
        Span<byte> code = stackalloc byte[TimeBytes + RandomBytes];
        Write(end, code);
        RandomNumberGenerator.Fill(code[TimeBytes..]);
        return Base64Url.EncodeToString(code);
    }

    /// <summary>Whether <see cref="NewCode"/> can have made it.</summary>
    public static bool IsCode(string shown) => Handles.IsDrawn(shown, CodeLength);

    /// <summary>When a code's life ends, to the second. Only for what <see cref="IsCode"/>.</summary>
    public static DateTimeOffset EndOf(string code) => DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadUInt32BigEndian(Base64Url.DecodeFromChars(code)));

    /// <param name="used">A code, or another name of what is used.</param>
    /// <param name="end">The same whenever it is asked for: with another one it would be another row.</param>
    public static byte[] Key(string used, DateTimeOffset end) => [.. Before(end), .. Handles.Hash(used)];

    /// <summary>Before every key of that second, after all of the seconds before.</summary>
    public static byte[] Before(DateTimeOffset end)
    {
        var time = new byte[TimeBytes];
        Write(end, time);
        return time;
    }

    private static void Write(DateTimeOffset end, Span<byte> place) => BinaryPrimitives.WriteUInt32BigEndian(place, (uint)end.ToUnixTimeSeconds());
}
