using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using IdP.Server.Hosting;
using IdP.Server.Storage;
using OtpNet;

namespace IdP.Server.Demo;

/// <summary>
/// The demo person's and the demo client's secrets. Made once and kept in the data directory: a store that is later used in Production
/// then holds no account whose password the world knows.
/// </summary>
internal sealed class DemoIdentity
{
    public const string UserName = "demo";
    public const string Email = "demo@example.com";
    /// <summary>Has the demo person's password, and no second factor whenever the server starts.</summary>
    public const string NewcomerName = "newcomer";
    public const string NewcomerEmail = "newcomer@example.com";
    public const string ClientId = "demo";
    public const string Scope = "money";
    public const string Audience = "demo-api";
    private const int StepSeconds = 30;

    private readonly Secrets secrets;
    private readonly TimeProvider clock;

    public DemoIdentity(IdpOptions options, TimeProvider clock)
    {
        this.clock = clock;
        PrivateFolder.Make(options.DataDirectory);
        var file = Path.Combine(options.DataDirectory, "demo.json");
        secrets = (File.Exists(file) ? JsonSerializer.Deserialize<Secrets>(File.ReadAllText(file)) : null) ?? Make(file);
    }

    public string Password => secrets.Password;
    public string ClientSecret => secrets.ClientSecret;
    /// <summary>RFC 6238 key in Base32.</summary>
    public string OtpSecret => secrets.OtpSecret;
    public string OtpUri => $"otpauth://totp/Demo:{UserName}?secret={OtpSecret}&issuer=Demo";

    /// <summary>What the person's authenticator shows now.</summary>
    public (string Code, int SecondsLeft) CurrentCode()
    {
        var now = clock.GetUtcNow();
        var code = new Totp(Base32Encoding.ToBytes(OtpSecret), StepSeconds).ComputeTotp(now.UtcDateTime);
        return (code, StepSeconds - (int)(now.ToUnixTimeSeconds() % StepSeconds));
    }

    private static Secrets Make(string file)
    {
        var made = new Secrets(
            "demo-" + RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyz23456789", 8),
            Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)),
            Base32Encoding.ToString(RandomNumberGenerator.GetBytes(20)));
        var access = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            access.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var stream = new FileStream(file, access);
        JsonSerializer.Serialize(stream, made);
        return made;
    }

    private sealed record Secrets(string Password, string ClientSecret, string OtpSecret);
}
