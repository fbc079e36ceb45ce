using IdP.Server.Hosting;

namespace IdP.Server.Factors.RecoveryCodes;

/// <summary>The words this factor brings along for every page that draws it.</summary>
internal static class RecoveryCodesTexts
{
    public static readonly Texts Table = new(typeof(RecoveryCodesTexts));

    public static string Left(object value) => Table.With(value);

    public static string FewLeft(object value) => Table.With(value);
}
