using IdP.Protocol;
using IdP.Protocol.Authorize;
using IdP.Server.Hosting;
using IdP.Server.SignIn;

namespace IdP.Server.Connect;

/// <summary>
/// Writes what an app or a person gets at the end: a redirect, the page that leaves for the app, the form_post page
/// (Form Post Response Mode §2), or an error page.
/// </summary>
internal sealed class AnswerWriter(PageRenderer pages, ErrorPages errors, RefusalLog refusals)
{
    /// <param name="afterForm">Whether a form of ours may have led here, see <see cref="LeaveAsync"/>.</param>
    public Task WriteAsync(HttpContext context, FinalAnswer answer, bool afterForm)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (Field(answer, "error") is { } error)
            refusals.Write(context, error, Field(answer, "error_description"), answer.RedirectUri);
        if (answer.ResponseMode != "form_post")
        {
            var target = new ResponseTarget(answer.RedirectUri, answer.ResponseMode, null);
            return LeaveAsync(context, AuthorizeResponse.Location(target, answer.Fields), afterForm);
        }

        context.PostsTo(answer.RedirectUri);
        return pages.RenderAsync(context, "/Connect/FormPost.cshtml", new FormPostView(answer.RedirectUri, answer.Fields), StatusCodes.Status200OK);
    }

    public Task WriteAsync(HttpContext context, Ending ending, bool afterForm) => ending switch
    {
        Ending.Answered done => WriteAsync(context, done.Answer, afterForm),
        Ending.Over => ShowAsync(context, "session_expired"),
        _ => ShowErrorAsync(context, new ProtocolError("invalid_request_uri", "The request_uri was used before.")),
    };

    private static string? Field(FinalAnswer answer, string name) => answer.Fields.FirstOrDefault(field => field.Key == name).Value;

    /// <summary>
    /// To an address of the app's. Chromium holds the form-action of a page against every redirect that follows a post of it, those of the app
    /// included (CSP 3 §6.4.1): after a form of ours a page of our own ends that chain, and the app may redirect as it likes.
    /// Native apps take their private-use scheme from a redirect only, and redirect no further.
    /// </summary>
    /// <param name="afterForm">False when a link led here, so that no form-action of ours applies.</param>
    public Task LeaveAsync(HttpContext context, string location, bool afterForm)
    {
        if (afterForm && SecurityHeaders.IsWebAddress(location))
            return pages.RenderAsync(context, "/Connect/Leaving.cshtml", new LeavingView(location), StatusCodes.Status200OK);

        SeeOther(context, location);
        return Task.CompletedTask;
    }

    /// <summary>Whether a page of ours led here, be it by redirects: a link of an app's comes from another site, or from none.</summary>
    public static bool CameFromOurPage(HttpContext context) => context.Request.Headers["Sec-Fetch-Site"] == "same-origin";

    /// <summary>303, so that a post never travels on (RFC 9700 §4.12).</summary>
    public static void SeeOther(HttpContext context, string location)
    {
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = location;
        context.Response.Headers.CacheControl = "no-store";
    }

    /// <summary>For the person alone: client or redirect URI are not proven, so nobody else may be told.</summary>
    public Task ShowErrorAsync(HttpContext context, ProtocolError error, int status = StatusCodes.Status400BadRequest) =>
        ShowAsync(context, error.Code, status, error.Description);

    public Task ShowAsync(HttpContext context, string code, int status = StatusCodes.Status400BadRequest, string? detail = null) =>
        errors.ShowAsync(context, new ErrorView(code, context.TraceIdentifier, detail), status);
}
