using System.Globalization;

namespace IdP.Server.Hosting;

/// <summary>The words around every page, of errors and of the front page.</summary>
internal static class PageTexts
{
    private static readonly Texts Table = new(typeof(PageTexts));

    public static string SkipToContent => Table.Get();
    public static string Language => Table.Get();
    public static string Theme => Table.Get();
    public static string ThemeAuto => Table.Get();
    public static string ThemeLight => Table.Get();
    public static string ThemeDark => Table.Get();
    public static string FrontTitle => Table.Get();
    public static string FrontText => Table.Get();
    public static string FrontDemo => Table.Get();
    public static string ToFront => Table.Get();
    public static string ToAccount => Table.Get();
    public static string TryAgain => Table.Get();
    public static string BackToApp(object value) => Table.With(value);
    public static string RequestId => Table.Get();
    public static string ErrorCode => Table.Get();
    public static string ForDevelopers => Table.Get();
    public static string UnknownBrowser => Table.Get();
    public static string BrowserOn(string browser, string system) => string.Format(CultureInfo.CurrentCulture, Table.Get(), browser, system);
    public static string PlaceIn(string city, string country) => string.Format(CultureInfo.CurrentCulture, Table.Get(), city, country);
    public static string PlaceAndAddress(string place, string address) => string.Format(CultureInfo.CurrentCulture, Table.Get(), place, address);

    /// <summary>A day that nobody can misread, as 11/12 can be.</summary>
    public static string Day(DateTimeOffset at) => at.ToString(Table.Get("DayFormat"), CultureInfo.CurrentCulture);

    /// <summary>To the minute, in UTC.</summary>
    public static string Minute(DateTimeOffset at) => at.ToString(Table.Get("MinuteFormat"), CultureInfo.CurrentCulture);

    /// <summary>Title and sentence for an error code; codes without words of their own share the calm default.</summary>
    public static (string Title, string Text) Error(string code) =>
        Table.Find("ErrorTitle_" + code) is { } title
            ? (title, Table.Get("ErrorText_" + code))
            : (Table.Get("ErrorTitle_default"), Table.Get("ErrorText_default"));
}
