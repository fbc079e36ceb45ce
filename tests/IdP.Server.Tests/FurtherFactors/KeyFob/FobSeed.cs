using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace IdP.Server.Tests.FurtherFactors.KeyFob;

/// <summary>What is printed on the card that comes with the fob: 32 hexadecimal digits.</summary>
internal sealed record FobSeed(string Value)
{
    public const int Digits = 8;

    public static FobSeed New() => new(RandomNumberGenerator.GetHexString(32, lowercase: true));

    public static FobSeed? Parse(string? typed) => typed?.Trim() is { Length: 32 } plain && plain.All(char.IsAsciiHexDigit) ? new(plain) : null;

    public static FobSeed From(byte[] data) => new(Encoding.ASCII.GetString(data));

    public byte[] ToBytes() => Encoding.ASCII.GetBytes(Value);

    public string CodeAt(long press)
    {
        var number = BinaryPrimitives.ReadUInt32BigEndian(HMACSHA256.HashData(ToBytes(), BitConverter.GetBytes(press)));
        return (number % 100_000_000).ToString("D8", CultureInfo.InvariantCulture);
    }

    public long? PressOf(string typed, long first, long last)
    {
        for (var press = first; press <= last; press++)
        {
            if (CodeAt(press) == typed)
                return press;
        }

        return null;
    }
}
