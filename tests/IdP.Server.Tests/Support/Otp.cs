using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace IdP.Server.Tests.Support;

/// <summary>RFC 6238 with SHA-1, six digits, 30 s: what every OTP app computes, written apart from the server's own.</summary>
public static class Otp
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    public static string NewSecret() => RandomNumberGenerator.GetString(Alphabet, 32);

    public static string CodeAt(string base32, DateTimeOffset time)
    {
        Span<byte> step = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(step, time.ToUnixTimeSeconds() / 30);
        Span<byte> mac = stackalloc byte[20];
#pragma warning disable CA5350 // RFC 4226 is HMAC-SHA-1.
        HMACSHA1.HashData(Decode(base32), step, mac);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadInt32BigEndian(mac[(mac[19] & 15)..]) & 0x7FFF_FFFF;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    private static byte[] Decode(string base32)
    {
        var bytes = new List<byte>();
        var (buffer, bits) = (0, 0);
        foreach (var c in base32)
        {
            buffer = ((buffer << 5) | Alphabet.IndexOf(c, StringComparison.Ordinal)) & 0xFFFF;
            if ((bits += 5) >= 8)
                bytes.Add((byte)(buffer >> (bits -= 8)));
        }

        return [.. bytes];
    }
}
