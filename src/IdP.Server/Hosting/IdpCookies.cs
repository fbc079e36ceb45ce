using IdP.Server.Storage;

namespace IdP.Server.Hosting;

/// <summary>
/// The cookies of this server. Those that grant anything hold a random handle that is looked up, never sealed claims.
/// On https they carry the __Host- prefix (Secure, Path=/, no Domain); an issuer on http exists on loopback only, where browsers differ about Secure.
/// </summary>
internal sealed class IdpCookies
{
    private const string OwnerPrefix = "idp.owner-";
    private const int MostOwners = 20;

    private readonly TimeSpan patience;
    private readonly bool secure;
    private readonly string session;
    private readonly string browser;

    public IdpCookies(IdpOptions options)
    {
        patience = options.SignIn.Patience;
        secure = options.Issuer.StartsWith("https://", StringComparison.Ordinal);
        session = Name("idp.session");
        browser = Name("idp.browser");
    }

    public string Name(string plain) => secure ? "__Host-" + plain : plain;

    public string? SessionHandle(HttpContext context) => HandleIn(context, session);

    public void SetSession(HttpContext context, string handle) => Append(context, session, handle);

    public void DropSession(HttpContext context) => context.Response.Cookies.Delete(session, Grants());

    /// <summary>Binds sign-ins in progress and CSRF tokens to this browser; says nothing about who sits before it.</summary>
    public string? BrowserHandle(HttpContext context) => HandleIn(context, browser);

    public string EnsureBrowserHandle(HttpContext context)
    {
        if (BrowserHandle(context) is { } present)
            return present;
        var fresh = Handles.New();
        Append(context, browser, fresh);
        return fresh;
    }

    /// <summary>After a sign-out: half-done sign-ins of this browser cannot be gone on with.</summary>
    public void DropBrowser(HttpContext context) => context.Response.Cookies.Delete(browser, Grants());

    /// <summary>Given to the browser that typed the right password, or has a session, for this one sign-in.</summary>
    public string NewOwner(HttpContext context, string signInId)
    {
        DropOldOwners(context);
        var handle = Handles.New();
        var options = Grants();
        options.MaxAge = patience;
        context.Response.Cookies.Append(Name(OwnerPrefix + signInId), handle, options);
        return handle;
    }

    // Of sign-ins that nobody finished. Enough of them would make every request too large; browsers send the oldest first (RFC 6265 §5.4).
    private void DropOldOwners(HttpContext context)
    {
        var owners = context.Request.Cookies.Keys.Where(name => name.StartsWith(Name(OwnerPrefix), StringComparison.Ordinal)).ToList();
        foreach (var old in owners.Take(owners.Count - MostOwners + 1))
            context.Response.Cookies.Delete(old, Grants());
    }

    /// <summary>With the answer to the app: cookies of finished sign-ins must not pile up.</summary>
    public void DropOwner(HttpContext context, string signInId)
    {
        if (Owner(context, signInId) is not null)
            context.Response.Cookies.Delete(Name(OwnerPrefix + signInId), Grants());
    }

    public string? Owner(HttpContext context, string signInId) => HandleIn(context, Name(OwnerPrefix + signInId));

    /// <summary>A cookie of another room that outlives the browser's session.</summary>
    public void Keep(HttpContext context, string plain, string value, TimeSpan life)
    {
        var options = Grants();
        options.MaxAge = life;
        context.Response.Cookies.Append(Name(plain), value, options);
    }

    /// <summary>The same until the browser is closed.</summary>
    public void KeepForSession(HttpContext context, string plain, string value) => Append(context, Name(plain), value);

    /// <summary>As it came; null when there is none.</summary>
    public string? Kept(HttpContext context, string plain) => context.Request.Cookies.TryGetValue(Name(plain), out var value) ? value : null;

    /// <summary>For choices such as language and theme.</summary>
    public void SetPreference(HttpContext context, string plain, string value) => context.Response.Cookies.Append(Name(plain), value, new CookieOptions
    {
        HttpOnly = true,
        Secure = secure,
        SameSite = SameSiteMode.Lax,
        Path = "/",
        MaxAge = TimeSpan.FromDays(365),
    });

    private void Append(HttpContext context, string name, string value) => context.Response.Cookies.Append(name, value, Grants());

    // Lax, not Strict: the browser comes here by a link from the app, and must bring its session.
    private CookieOptions Grants() => new() { HttpOnly = true, Secure = secure, SameSite = SameSiteMode.Lax, Path = "/" };

    // Anything else was never ours and is not worth a look-up.
    private static string? HandleIn(HttpContext context, string name) =>
        context.Request.Cookies.TryGetValue(name, out var value) && Handles.IsHandle(value) ? value : null;
}
