using IdP.Server.Hosting;

namespace IdP.Server.Demo;

/// <summary>The words of the demo.</summary>
internal static class DemoTexts
{
    private static readonly Texts Table = new(typeof(DemoTexts));

    public static string Title => Table.Get();
    public static string Lead => Table.Get();
    public static string Development => Table.Get();
    public static string Mailbox => Table.Get();
    public static string SignedOut => Table.Get();
    public static string SignedOutText => Table.Get();
    public static string SignIn => Table.Get();
    public static string SignInMfa => Table.Get();
    public static string StepUp => Table.Get();
    public static string Silent => Table.Get();
    public static string CallApi => Table.Get();
    public static string SignOut => Table.Get();
    public static string Hello(object value) => Table.With(value);
    public static string LevelPwd => Table.Get();
    public static string LevelMfa => Table.Get();
    public static string Acr => Table.Get();
    public static string Amr => Table.Get();
    public static string AuthTime => Table.Get();
    public static string UserInfo => Table.Get();
    public static string IdToken => Table.Get();
    public static string AccessToken => Table.Get();
    public static string Person => Table.Get();
    public static string UserName => Table.Get();
    public static string Password => Table.Get();
    public static string Secret => Table.Get();
    public static string Newcomer => Table.Get();
    public static string NewcomerText => Table.Get();
    public static string CurrentCode => Table.Get();
    public static string SecondsLeft(object value) => Table.With(value);
    public static string Refresh => Table.Get();
    public static string Scan => Table.Get();
    public static string QrText => Table.Get();
    public static string MoneyTitle => Table.Get();
    public static string MoneyOk => Table.Get();
    public static string MoneyRefused(object value) => Table.With(value);
    public static string MoneySteps => Table.Get();
    public static string Failed => Table.Get();
    public static string ToDemo => Table.Get();
    public static string MailTitle => Table.Get();
    public static string MailText => Table.Get();
    public static string MailEmpty => Table.Get();
    public static string MailTo => Table.Get();
    public static string MailDropped => Table.Get();
}
