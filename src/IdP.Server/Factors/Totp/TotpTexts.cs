using IdP.Server.Hosting;

namespace IdP.Server.Factors.Totp;

/// <summary>The words of third-party OTP.</summary>
internal static class TotpTexts
{
    private static readonly Texts Table = new(typeof(TotpTexts));

    public static string Name => Table.Get();
    public static string Instruction => Table.Get();
}
