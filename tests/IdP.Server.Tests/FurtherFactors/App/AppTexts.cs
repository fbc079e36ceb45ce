using IdP.Server.Hosting;

namespace IdP.Server.Tests.FurtherFactors.App;

/// <summary>The words of the kind and of its ways.</summary>
internal static class AppTexts
{
    public static readonly Texts Table = new(typeof(AppTexts));
}
