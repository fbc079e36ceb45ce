using IdP.Server.Hosting;

namespace IdP.Server.StepUp;

/// <summary>The words around a factor's question, wherever it is asked.</summary>
internal static class PromptTexts
{
    private static readonly Texts Table = new(typeof(PromptTexts));

    public static string Code => Table.Get();
    public static string CodeSentTo(object value) => Table.With(value);
    public static string WillSendTo(object value) => Table.With(value);
    public static string WillSend => Table.Get();
    public static string Change => Table.Get();
    public static string CodeDigits(object value) => Table.With(value);
    public static string Number => Table.Get();
    public static string ThenContinue => Table.Get();
    public static string QrText => Table.Get();
    public static string SameKind => Table.Get();
    public static string CannotScan => Table.Get();
    public static string Waiting => Table.Get();
    public static string Confirmed => Table.Get();
    public static string IHaveConfirmed => Table.Get();
    public static string NewQr => Table.Get();
    public static string SendRequest => Table.Get();
    public static string SendRequestAgain => Table.Get();
    public static string WillSendRequest => Table.Get();
}
