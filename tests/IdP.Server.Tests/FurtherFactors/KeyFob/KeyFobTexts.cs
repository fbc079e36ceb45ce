using IdP.Server.Hosting;

namespace IdP.Server.Tests.FurtherFactors.KeyFob;

/// <summary>The words this factor brings along for every page that draws it.</summary>
internal static class KeyFobTexts
{
    public static readonly Texts Table = new(typeof(KeyFobTexts));
}
