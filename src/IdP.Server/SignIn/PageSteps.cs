using IdP.Server.Hosting;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.SignIn;

/// <summary>What every page of a sign-in does before its own work; each ends a request that is not this page's.</summary>
internal static class PageSteps
{
    /// <summary>The sign-in at this page's own step, else where to go instead.</summary>
    public static async Task<(SignInAt? At, IActionResult? Elsewhere)> OpenAsync<TStep>(this PageModel page, string? tx) where TStep : NextStep
    {
        var desk = page.HttpContext.RequestServices.GetRequiredService<SignInDesk>();
        if (await desk.OpenAsync(page.HttpContext, tx) is not { } at)
            return (null, Calm("session_expired"));
        return at.Next is TStep ? (at, null) : (null, SeeOther(SignInDesk.ContinuePath(at.Tx)));
    }

    /// <summary>The same for a post, once its token and origin are good.</summary>
    public static async Task<(SignInAt? At, IActionResult? Elsewhere)> OpenPostAsync<TStep>(this PageModel page, string? tx) where TStep : NextStep
    {
        var csrf = page.HttpContext.RequestServices.GetRequiredService<Csrf>();
        if (csrf.Check(page.HttpContext, await PostedForm.ReadAsync(page.HttpContext)) is null)
            return (null, Calm("session_expired"));
        return await page.OpenAsync<TStep>(tx);
    }

    public static string CsrfToken(this PageModel page)
    {
        var services = page.HttpContext.RequestServices;
        return services.GetRequiredService<Csrf>().TokenFor(services.GetRequiredService<IdpCookies>().EnsureBrowserHandle(page.HttpContext));
    }

    /// <summary>303: after a post the browser must come back with GET (RFC 9700 §4.12).</summary>
    public static IActionResult SeeOther(string path) => new SeeOtherResult(path);

    /// <summary>This page cannot go on: a calm one says why.</summary>
    public static IActionResult Calm(string code, WayOn? way = null) => new CalmPage(code, way, StatusCodes.Status400BadRequest);

    private sealed class SeeOtherResult(string path) : ActionResult
    {
        public override void ExecuteResult(ActionContext context)
        {
            context.HttpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
            context.HttpContext.Response.Headers.Location = path;
        }
    }

    private sealed class CalmPage(string code, WayOn? way, int status) : ActionResult
    {
        public override Task ExecuteResultAsync(ActionContext context) => context.HttpContext.RequestServices.GetRequiredService<ErrorPages>()
            .ShowAsync(context.HttpContext, new ErrorView(code, context.HttpContext.TraceIdentifier) { Way = way }, status);
    }
}
