using IdP.Server.Hosting;

namespace IdP.Server.Settings;

/// <summary>The words of the personal pages.</summary>
internal static class SettingsTexts
{
    public static readonly Texts Table = new(typeof(SettingsTexts));

    public static string Title => Table.Get();
    public static string Hello(object value) => Table.With(value);
    public static string Lead => Table.Get();
    public static string Administrator => Table.Get();
    public static string AdministratorHint => Table.Get();
    public static string Overview => Table.Get();
    public static string Profile => Table.Get();
    public static string ProfileAbout => Table.Get();
    public static string ProfileLead => Table.Get();
    public static string TwoStep => Table.Get();
    public static string TwoStepLead => Table.Get();
    public static string TwoStepOn(object value) => Table.With(value);
    public static string TwoStepOff => Table.Get();
    public static string ListComma => Table.Get();
    public static string Devices => Table.Get();
    public static string DevicesAbout => Table.Get();
    public static string DevicesLead(object value) => Table.With(value);
    public static string NoDevices => Table.Get();
    public static string TrustedSince(object value) => Table.With(value);
    public static string TrustedUntil(object value) => Table.With(value);
    public static string RemoveAll => Table.Get();
    public static string Sessions => Table.Get();
    public static string SessionsAbout => Table.Get();
    public static string SessionsLead => Table.Get();
    public static string Password => Table.Get();
    public static string PasswordAbout => Table.Get();
    public static string PasswordLead => Table.Get();
    public static string CurrentPassword => Table.Get();
    public static string NewPassword => Table.Get();
    public static string NewPasswordAgain => Table.Get();
    public static string ChangePassword => Table.Get();
    public static string SignOut => Table.Get();
    public static string Bound => Table.Get();
    public static string NotBound => Table.Get();
    public static string BoundOn(object value) => Table.With(value);
    public static string UsedOn(object value) => Table.With(value);
    public static string Bind => Table.Get();
    public static string BindThis(object value) => Table.With(value);
    public static string BindAnotherFirst => Table.Get();
    public static string BindAnother => Table.Get();
    public static string Modify => Table.Get();
    public static string ModifyThis(object value) => Table.With(value);
    public static string Unbind => Table.Get();
    public static string UnbindThis(object value) => Table.With(value);
    public static string UnbindText => Table.Get();
    public static string UnbindLast => Table.Get();
    public static string UnbindForbidden => Table.Get();
    public static string MakeCodes => Table.Get();
    public static string MakeNew => Table.Get();
    public static string Remove => Table.Get();
    public static string AskFirst => Table.Get();
    public static string LastUsed => Table.Get();
    public static string MailClientHint => Table.Get();
    public static string Save => Table.Get();
    public static string ConfirmTitle => Table.Get();
    public static string ToBind(object value) => Table.With(value);
    public static string ToUnbind(object value) => Table.With(value);
    public static string ToRebind(object value) => Table.With(value);
    public static string ToChangePassword => Table.Get();
    public static string Continue => Table.Get();
    public static string Confirm => Table.Get();
    public static string Back => Table.Get();
    public static string Label => Table.Get();
    public static string Optional => Table.Get();
    public static string Copy => Table.Get();
    public static string Copied => Table.Get();
    public static string Print => Table.Get();
    public static string Download => Table.Get();
    public static string Kept => Table.Get();
    public static string OfferOver => Table.Get();
    public static string StartAgain => Table.Get();
    public static string ThisOne => Table.Get();
    public static string SignedInOn(object value) => Table.With(value);
    public static string End => Table.Get();
    public static string EndOthers => Table.Get();
    public static string Apps => Table.Get();
    public static string AppsAbout => Table.Get();
    public static string NoApps => Table.Get();
    public static string TakeBack => Table.Get();
    public static string Name => Table.Get();
    public static string Email => Table.Get();
    public static string NoEmail => Table.Get();
    public static string MailLanguage => Table.Get();
    public static string AsBrowser => Table.Get();
    public static string CodesTitle => Table.Get();
    public static string ToMakeCodes => Table.Get();
    public static string ToRemoveCodes => Table.Get();
    public static string RemoveCodes => Table.Get();
    public static string RemoveCodesText => Table.Get();

    /// <summary>What has just been done, from a closed set; null for anything else in the address.</summary>
    /// <param name="name">The factor that it was done with, for sentences that name it.</param>
    public static string? Done(string? what, string? name = null)
    {
        var text = what is { Length: < 30 } && what.All(c => char.IsAsciiLetter(c) || c == '-') ? Table.Find("Done_" + what) : null;
        if (text?.Contains("{0}", StringComparison.Ordinal) != true)
            return text;
        return name is null ? null : string.Format(System.Globalization.CultureInfo.CurrentCulture, text, name);
    }
}
