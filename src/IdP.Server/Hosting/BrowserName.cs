namespace IdP.Server.Hosting;

/// <summary>
/// "Chrome on Windows": as much of a User-Agent as helps a person to recognise a browser, from closed lists, so that nobody writes words of their own into
/// our mails and pages. Browsers quote each other's names: the more particular one is asked for first.
/// </summary>
/// <param name="Browser">Null when it is none we know.</param>
/// <param name="System">Null when it is none we know.</param>
internal sealed record BrowserName(string? Browser, string? System)
{
    private static readonly (string Mark, string Name)[] Browsers =
    [
        ("MicroMessenger/", "WeChat"), ("DingTalk/", "DingTalk"), ("Edg/", "Edge"), ("EdgA/", "Edge"), ("EdgiOS/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"),
        ("Vivaldi/", "Vivaldi"), ("QQBrowser/", "QQ Browser"), ("UCBrowser/", "UC Browser"), ("YaBrowser/", "Yandex"), ("HuaweiBrowser/", "Huawei Browser"),
        ("MiuiBrowser/", "Mi Browser"), ("FxiOS/", "Firefox"), ("Firefox/", "Firefox"), ("CriOS/", "Chrome"), ("Chromium/", "Chromium"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
    ];

    private static readonly (string Mark, string Name)[] Systems =
    [
        ("iPhone", "iPhone"), ("iPad", "iPad"), ("HarmonyOS", "HarmonyOS"), ("OpenHarmony", "HarmonyOS"), ("Android", "Android"), ("Windows NT", "Windows"),
        ("CrOS", "ChromeOS"), ("Macintosh", "macOS"), ("Linux", "Linux"), ("FreeBSD", "FreeBSD"),
    ];

    public static BrowserName Of(string? userAgent) => new(First(Browsers, userAgent), First(Systems, userAgent));

    /// <summary>In the language of the request.</summary>
    public override string ToString() =>
        Browser is null ? System ?? PageTexts.UnknownBrowser
        : System is null ? Browser
        : PageTexts.BrowserOn(Browser, System);

    private static string? First((string Mark, string Name)[] known, string? userAgent) =>
        userAgent is null ? null : Array.Find(known, one => userAgent.Contains(one.Mark, StringComparison.Ordinal)).Name;
}
