namespace IdP.Server.Hosting;

/// <summary>
/// The headers every answer carries. Strict from the first byte: a page that must reach further says so with <see cref="PostsTo"/> or <see cref="LeadsTo"/>;
/// whoever may be cached says so by setting Cache-Control again.
/// </summary>
internal static class SecurityHeaders
{
    private const string Before = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'";
    private const string After = "; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
    public const string Policy = Before + After;

    private static readonly string[] PopupPaths =
        ["/connect", "/sign-in", "/verify", "/bind", "/consent", "/forgot", "/reset", "/signed-out"];

    public static IApplicationBuilder UseSecurityHeaders(this IApplicationBuilder app) => app.Use(static (http, next) =>
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()";
        if (!MayBePopup(http.Request.Path))
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        if (http.Request.IsHttps)
            headers.StrictTransportSecurity = "max-age=31536000";
        return next(http);
    });

    /// <summary>
    /// Apps sign people in and out in a popup that they watch until it comes back: this policy on any answer on the way, redirects included,
    /// would sever it from its opener for good.
    /// </summary>
    private static bool MayBePopup(PathString path)
    {
        foreach (var start in PopupPaths)
        {
            if (path.StartsWithSegments(start, StringComparison.Ordinal))
                return true;
        }
        return false;
    }

    /// <summary>
    /// This page's form goes to the client itself (form_post). To be called only with an address that is proven to be registered. Chromium holds
    /// form-action against every redirect that follows, and an app may redirect on to other origins: no page with a field for a person may say so.
    /// </summary>
    public static void PostsTo(this HttpContext http, string target)
    {
        if (SourceOf(target) is { } source)
            Name(http, IsWebAddress(target) ? $"{source} {(source.StartsWith("http:", StringComparison.Ordinal) ? "http: https:" : "https:")}" : source);
    }

    /// <summary>
    /// This page's forms may end with a redirect to <paramref name="target"/>. A private-use scheme (RFC 8252 §7.1) is named, since Chromium holds
    /// form-action against every redirect that follows a post. Web addresses are left for by a page of their own and need no name here.
    /// </summary>
    public static void LeadsTo(this HttpContext http, string target)
    {
        if (!IsWebAddress(target) && SourceOf(target) is { } scheme)
            Name(http, scheme);
    }

    private static void Name(HttpContext http, string sources) =>
        http.Response.Headers.ContentSecurityPolicy = Before + " " + sources + After;

    public static bool IsWebAddress(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http";

    // CSP has no notation for IPv6 addresses, nor for hosts of private schemes (RFC 8252 §7.1): there the scheme is the narrowest there is.
    internal static string? SourceOf(string target)
    {
        if (!Uri.TryCreate(target, UriKind.Absolute, out var uri))
            return null;

        return uri.Scheme is "https" or "http" && uri.HostNameType is UriHostNameType.Dns or UriHostNameType.IPv4
            ? uri.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)
            : uri.Scheme + ":";
    }
}
