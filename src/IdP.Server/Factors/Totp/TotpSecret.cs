using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using OtpNet;

namespace IdP.Server.Factors.Totp;

/// <summary>What one third-party OTP binding holds (RFC 6238): sealed with a key of its own purpose, so that losing the cookies' keys loses no binding.</summary>
/// <param name="Secret">BASE32, upper case, no padding.</param>
/// <param name="Period">Seconds.</param>
/// <param name="Algorithm">"SHA1", "SHA256" or "SHA512".</param>
internal sealed record TotpSecret(string Secret, int Digits = 6, int Period = 30, string Algorithm = "SHA1")
{
    public const string Factor = "totp";
    public const string Purpose = "factor:totp";

    private const int LeastBytes = 16;
    private const int FreshBytes = 20;

    /// <summary>160 bits, as RFC 4226 §4 recommends.</summary>
    public static TotpSecret New() => new(Base32Encoding.ToString(RandomNumberGenerator.GetBytes(FreshBytes)).TrimEnd('='));

    /// <summary>From BASE32 as people have it: any case, spaces and padding allowed. Null with a reason when it is not BASE32 or shorter than 128 bits.</summary>
    public static TotpSecret? Parse(string base32, out string? fault)
    {
        var plain = base32.Replace(" ", "", StringComparison.Ordinal).TrimEnd('=').ToUpperInvariant();
        if (plain.Length == 0 || plain.Any(c => c is not ((>= 'A' and <= 'Z') or (>= '2' and <= '7'))))
        {
            fault = "must be BASE32 (letters A-Z and digits 2-7)";
            return null;
        }

        fault = plain.Length * 5 / 8 < LeastBytes ? $"must have at least {LeastBytes * 8} bits, that is 26 BASE32 characters" : null;
        return fault is null ? new TotpSecret(plain) : null;
    }

    /// <summary>Records print their members; this one must not (I-7).</summary>
    public override string ToString() => $"{nameof(TotpSecret)} (redacted)";

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, TotpJson.Default.TotpSecret);

    public static TotpSecret From(byte[] opened) =>
        JsonSerializer.Deserialize(opened, TotpJson.Default.TotpSecret) ?? throw new JsonException("An OTP binding is empty.");

    /// <summary>RFC 6238 §4.2: whole periods since the epoch.</summary>
    public long StepAt(DateTimeOffset now) => now.ToUnixTimeSeconds() / Period;

    public string CodeAt(long step) => Otp().ComputeTotp(DateTimeOffset.FromUnixTimeSeconds(step * Period).UtcDateTime);

    /// <summary>What a QR code carries to an authenticator app.</summary>
    public string Uri(string issuer, string account) => new OtpUri(OtpType.Totp, Secret, account, issuer, Mode(), Digits, Period).ToString();

    private OtpNet.Totp Otp() => new(Base32Encoding.ToBytes(Secret), Period, Mode(), Digits);

    private OtpHashMode Mode() => Algorithm switch
    {
        "SHA256" => OtpHashMode.Sha256,
        "SHA512" => OtpHashMode.Sha512,
        _ => OtpHashMode.Sha1,
    };
}

[JsonSerializable(typeof(TotpSecret))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class TotpJson : JsonSerializerContext;
