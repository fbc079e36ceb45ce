using IdP.Protocol;
using IdP.Protocol.Authorize;
using IdP.Server.Hosting;
using IdP.Server.SignIn;

namespace IdP.Server.Connect;

/// <summary>Writes what an app or a person gets at the end: the redirect, the form_post page (Form Post Response Mode §2), or a page.</summary>
internal sealed class AnswerWriter(PageRenderer pages, ErrorPages errors, RefusalLog refusals)
{
    public Task WriteAsync(HttpContext context, FinalAnswer answer)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (Field(answer, "error") is { } error)
            refusals.Write(context, error, Field(answer, "error_description"), answer.RedirectUri);
        if (answer.ResponseMode != "form_post")
        {
            SeeOther(context, AuthorizeResponse.Location(new ResponseTarget(answer.RedirectUri, answer.ResponseMode, null), answer.Fields));
            return Task.CompletedTask;
        }

        context.LeadsTo(answer.RedirectUri);
        return pages.RenderAsync(context, "/Connect/FormPost.cshtml", new FormPostView(answer.RedirectUri, answer.Fields), StatusCodes.Status200OK);
    }

    public Task WriteAsync(HttpContext context, Ending ending) => ending switch
    {
        Ending.Answered done => WriteAsync(context, done.Answer),
        Ending.Over => ShowAsync(context, "session_expired"),
        _ => ShowErrorAsync(context, new ProtocolError("invalid_request_uri", "The request_uri was used before.")),
    };

    private static string? Field(FinalAnswer answer, string name) => answer.Fields.FirstOrDefault(field => field.Key == name).Value;

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
