using IdP.Server.Hosting;

namespace IdP.Server.Mail;

/// <summary>The words of mails. A template's lines whose placeholder has nothing to say are left out.</summary>
internal static class MailTexts
{
    private static readonly Texts Table = new(typeof(MailTexts));

    public static string SignInTo(object value) => Table.With(value);
    public static string ConfirmChange => Table.Get();
    public static string ConfirmAddress(object value) => Table.With(value);
    public static string ChangePassword => Table.Get();
    public static string IgnoreThis => Table.Get();

    public static string Subject(MailKind kind, string language) => Languages.Speaking(language, () => Table.Get("Subject_" + kind.Name));

    public static string Text(MailKind kind, string language) =>
        Languages.Speaking(language, () => Table.Get("Text_" + kind.Name)).Replace("\r\n", "\n", StringComparison.Ordinal).Trim('\n');

    /// <summary>What stands on the button of a mail's link.</summary>
    public static string Button(MailKind kind, string language) => Languages.Speaking(language, () => Table.Find("Button_" + kind.Name) ?? "");

    /// <summary>In the language of the moment.</summary>
    public static string Event(NoticeKind kind, string? detail) => string.Format(System.Globalization.CultureInfo.CurrentCulture, Table.Get("Event_" + kind), detail ?? "");
}
