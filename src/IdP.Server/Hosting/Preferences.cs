using System.Globalization;

namespace IdP.Server.Hosting;

/// <summary>
/// What a browser chose for itself: language and theme. A link such as <c>?theme=dark</c> on any page sets it and a cookie remembers it, so that
/// the server draws the right page at once and nothing flashes. These cookies grant nothing.
/// </summary>
internal sealed class Preferences(IdpOptions options)
{
    private readonly string prefix = options.Issuer.StartsWith("https:", StringComparison.Ordinal) ? "__Host-idp." : "idp.";

    /// <summary>Middleware: everything behind it speaks the person's language.</summary>
    public Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        // Nobody reads what the endpoints for programs answer.
        if (http.Request.Path.Value is "/connect/token" or "/connect/introspect" or "/connect/userinfo" or "/connect/revocation" or "/connect/par")
            return next(http);
        if (http.Request.Query.TryGetValue("ui_locales", out var wished))
            RememberLanguage(http, Languages.FirstKnown(wished.ToString().Split(' ')));
        if (http.Request.Query.TryGetValue("theme", out var theme) && Themes.All.Contains(theme.ToString()))
            Remember(http, "theme", theme.ToString());

        Speak(Language(http));
        return next(http);
    }

    /// <summary>The newest word wins: the switch or an app's ui_locales in this request, then what was remembered, then Accept-Language, then English.</summary>
    public string Language(HttpContext http) =>
        Languages.FirstKnown(Recall(http, "lang")) ?? Languages.FirstKnown(Languages.Accepted(http.Request)) ?? Languages.English;

    public string Theme(HttpContext http) => Recall(http, "theme") is { } theme && Themes.All.Contains(theme) ? theme : Themes.Auto;

    /// <summary>For an app's ui_locales that did not come in the query (a pushed or posted request). Unknown tags change nothing.</summary>
    public void RememberLanguage(HttpContext http, IEnumerable<string> tags) => RememberLanguage(http, Languages.FirstKnown(tags));

    private void RememberLanguage(HttpContext http, string? language)
    {
        if (language is null)
            return;

        Remember(http, "lang", language);
        Speak(language);
    }

    private static void Speak(string language)
    {
        var culture = Languages.Culture(language);
        CultureInfo.CurrentCulture = culture;
        CultureInfo.CurrentUICulture = culture;
    }

    private string? Recall(HttpContext http, string name) =>
        http.Items[prefix + name] as string ?? (http.Request.Headers.Cookie.Count == 0 ? null : http.Request.Cookies[prefix + name]);

    private void Remember(HttpContext http, string name, string value)
    {
        http.Items[prefix + name] = value;
        http.Response.Cookies.Append(prefix + name, value, new CookieOptions
        {
            HttpOnly = true,
            Secure = prefix.StartsWith("__Host-", StringComparison.Ordinal),
            SameSite = SameSiteMode.Lax,
            Path = "/",
            MaxAge = TimeSpan.FromDays(400),
        });
    }
}
