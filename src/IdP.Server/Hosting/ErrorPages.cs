using IdP.Protocol;
using IdP.Server.Accounts;
using IdP.Server.Storage;
using Microsoft.AspNetCore.Http.Features;

namespace IdP.Server.Hosting;

/// <summary>
/// The last word when nothing else answered: a calm page for a person, a short JSON error for a program, never a stack trace.
/// Outages are 503 with Retry-After; whatever an endpoint has written itself stays as it is.
/// </summary>
internal sealed class ErrorPages(PageRenderer renderer, LastApp lastApp, RefusalLog refusals, ILogger<ErrorPages> log)
{
    private const string RetryAfterSeconds = "5";

    // Our own dead ends. Where an app's request is refused, the app that was here before is no help; during an outage nothing is looked up.
    private static readonly string[] LeadsToTheApp =
        ["session_expired", "link_used", "no_second_step", "ask_operator", "forbidden", "not_found", "method_not_allowed", "too_large"];

    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        var (status, isLogged) = (0, false);
        try
        {
            await next(http);
            if (http.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null, ContentLength: null or 0 }
                && (WantsPage(http.Request) || http.Response.StatusCode == StatusCodes.Status503ServiceUnavailable))
                status = http.Response.StatusCode;
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody is listening any more.
        }
        catch (Exception fault) when (!http.Response.HasStarted)
        {
            status = StatusOf(http, fault);
            if (status >= 500)
            {
                log.LogError(fault, "{Method} {Path} failed with {Status} (reference {Reference})",
                    http.Request.Method, http.Request.Path.Value, status, http.TraceIdentifier);
                isLogged = true;
            }
        }

        if (status != 0)
            await AnswerAsync(http, status, isLogged);
    }

    /// <summary>For endpoints that refuse a person: <c>data-error</c> on the page carries the code.</summary>
    public async Task ShowAsync(HttpContext http, ErrorView view, int status)
    {
        refusals.Write(http, view.Code, view.Detail);
        var app = LeadsToTheApp.Contains(view.Code) ? await lastApp.FindAsync(http) : null;
        await RenderAsync(http, view with { App = app }, status);
    }

    private Task RenderAsync(HttpContext http, ErrorView view, int status) => renderer.RenderAsync(http, "/Hosting/Pages/Error.cshtml", view, status);

    private async Task AnswerAsync(HttpContext http, int status, bool isLogged)
    {
        var code = CodeOf(status);
        if (status == StatusCodes.Status503ServiceUnavailable)
            http.Response.Headers.RetryAfter = RetryAfterSeconds;

        if (WantsPage(http.Request))
        {
            var view = new ErrorView(code, http.TraceIdentifier);
            await (isLogged ? RenderAsync(http, view, status) : ShowAsync(http, view, status));
            return;
        }

        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync($$"""{"error":"{{code}}"}""", http.RequestAborted);
    }

    private static int StatusOf(HttpContext http, Exception fault) => fault switch
    {
        BadHttpRequestException bad => bad.StatusCode,
        StoreUnavailableException or StaleKnowledgeException or BusyException or TimeoutException => StatusCodes.Status503ServiceUnavailable,
        // A form in an encoding that the platform will not read, such as UTF-7.
        NotSupportedException when http.Request.HasFormContentType && http.Features.Get<IFormFeature>() is { Form: null } => StatusCodes.Status415UnsupportedMediaType,
        _ when Outage.Find(fault) is not null => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static string CodeOf(int status) => status switch
    {
        StatusCodes.Status403Forbidden => "forbidden",
        StatusCodes.Status404NotFound => "not_found",
        StatusCodes.Status405MethodNotAllowed => "method_not_allowed",
        StatusCodes.Status413PayloadTooLarge => "too_large",
        StatusCodes.Status429TooManyRequests => "too_many_requests",
        StatusCodes.Status503ServiceUnavailable => "temporarily_unavailable",
        >= 500 => "server_error",
        _ => "invalid_request",
    };

    private static bool WantsPage(HttpRequest request) =>
        request.Headers.Accept.Any(accept => accept is not null && accept.Contains("text/html", StringComparison.OrdinalIgnoreCase));
}
