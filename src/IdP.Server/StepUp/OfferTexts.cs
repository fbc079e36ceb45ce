using IdP.Server.Hosting;

namespace IdP.Server.StepUp;

/// <summary>The words around what a person must prove to bind a factor.</summary>
internal static class OfferTexts
{
    private static readonly Texts Table = new(typeof(OfferTexts));

    public static string ScanThis => Table.Get();
    public static string QrText => Table.Get();
    public static string CannotScan => Table.Get();
    public static string TypeKey => Table.Get();
    public static string Key => Table.Get();
    public static string KeepCodes => Table.Get();
    public static string BackToCode(object value) => Table.With(value);
}
