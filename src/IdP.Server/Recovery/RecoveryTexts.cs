using IdP.Server.Hosting;

namespace IdP.Server.Recovery;

/// <summary>The words for the day something went wrong.</summary>
internal static class RecoveryTexts
{
    private static readonly Texts Table = new(typeof(RecoveryTexts));

    public static string ForgotTitle => Table.Get();
    public static string ForgotText => Table.Get();
    public static string ForgotSend => Table.Get();
    public static string ForgotAsked => Table.Get();
    public static string ForgotAskedTitle => Table.Get();
    public static string ForgotAskedHint => Table.Get();
    public static string ResetTitle => Table.Get();
    public static string ResetText => Table.Get();
    public static string ResetFactor => Table.Get();
    public static string ResetDoneTitle => Table.Get();
    public static string ResetDoneText => Table.Get();
    public static string AskAnew => Table.Get();
    public static string ToAccount => Table.Get();
    public static string NewPassword => Table.Get();
    public static string NewPasswordAgain => Table.Get();
    public static string SetPassword => Table.Get();
    public static string NotMeTitle => Table.Get();
    public static string NotMeText => Table.Get();
    public static string NotMeSessions => Table.Get();
    public static string NotMeDevices => Table.Get();
    public static string NotMeUndo => Table.Get();
    public static string NotMePassword => Table.Get();
    public static string NotMeDo => Table.Get();
    public static string NotMeDone => Table.Get();
    public static string WasMe => Table.Get();
}
