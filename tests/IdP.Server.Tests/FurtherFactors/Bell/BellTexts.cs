using IdP.Server.Hosting;

namespace IdP.Server.Tests.FurtherFactors.Bell;

/// <summary>The words this factor brings along for every page that draws it.</summary>
internal static class BellTexts
{
    public static readonly Texts Table = new(typeof(BellTexts));
}
