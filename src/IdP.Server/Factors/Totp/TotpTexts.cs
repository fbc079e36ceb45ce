using IdP.Server.Hosting;

namespace IdP.Server.Factors.Totp;

/// <summary>The words this factor brings along for every page that draws it.</summary>
internal static class TotpTexts
{
    public static readonly Texts Table = new(typeof(TotpTexts));
}
