using System.Collections.Concurrent;
using System.Text;
using IdP.Server.Hosting;
using IdP.Server.Storage;
using Microsoft.AspNetCore.Http.Features;

namespace IdP.Server.StepUp;

/// <summary>
/// <c>GET /waiting/challenge/ID</c> and <c>/waiting/offer/ID</c>: how something stands that is approved elsewhere, for the browser that started it and nobody
/// else. It changes nothing, and does not answer for the claim. To <c>Accept: text/event-stream</c> it answers with server-sent events: "waiting", and once
/// "approved", "denied" or "over", after which it ends; to everything else with the same word as JSON, at once. Without either the page's own button asks.
/// </summary>
internal sealed class WaitingEndpoint(
    Approvals approvals, Enrolments enrolments, IWakeUps wakeUps, IdpCookies cookies, IHostApplicationLifetime lifetime, TimeProvider clock)
{
    /// <summary>One stream; the browser opens the next by itself. Short enough for every proxy, and nobody waits for ever.</summary>
    private static readonly TimeSpan LongestStream = TimeSpan.FromSeconds(55);
    /// <summary>Wake-ups may be lost: then this late. It also shows who has gone away, and is shorter than what proxies wait for the next byte.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(10);
    /// <summary>Streams of one browser: a tab each. Others ask now and then.</summary>
    private const int MostOfOneBrowser = 6;

    private static readonly byte[] StillHere = ":\n\n"u8.ToArray();

    private readonly ConcurrentDictionary<string, int> streams = new(StringComparer.Ordinal);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/waiting/challenge/{id}", context => AnswerAsync(context, Challenges.TopicOf, approvals.StatusAsync)).DisableRequestTimeout();
        routes.MapGet("/waiting/offer/{id}", context => AnswerAsync(context, Enrolments.TopicOf, enrolments.StatusAsync)).DisableRequestTimeout();
    }

    private async Task AnswerAsync(HttpContext context, Func<string, string> topicOf, Func<string?, byte[], CancellationToken, Task<WaitingState>> look)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (cookies.BrowserHandle(context) is not { } handle || context.GetRouteValue("id") is not string id || !Handles.IsId(id))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var browser = Handles.Hash(handle);
        if (!context.Request.Headers.Accept.ToString().Contains("text/event-stream", StringComparison.OrdinalIgnoreCase))
        {
            var state = await look(id, browser, context.RequestAborted);
            await context.Response.WriteAsJsonAsync(new Dictionary<string, string> { ["state"] = NameOf(state) }, context.RequestAborted);
            return;
        }

        var seat = Convert.ToHexString(browser);
        try
        {
            if (streams.AddOrUpdate(seat, 1, (_, count) => count + 1) > MostOfOneBrowser)
            {
                context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
                context.Response.Headers.RetryAfter = "3";
                return;
            }

            using var listener = wakeUps.Listen(topicOf(id));
            await StreamAsync(context, listener, cancel => look(id, browser, cancel));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested || lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Gone away, or this node ends: the browser asks the next one.
        }
        finally
        {
            while (streams.TryGetValue(seat, out var count) && !(count > 1 ? streams.TryUpdate(seat, count - 1, count) : streams.TryRemove(new(seat, count))))
            {
            }
        }
    }

    // Listens before it looks: what happens in between ends the first wait at once.
    private async Task StreamAsync(HttpContext context, Listener listener, Func<CancellationToken, Task<WaitingState>> look)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var (begun, told) = (clock.GetTimestamp(), false);
        while (true)
        {
            var state = await look(ending.Token);
            if (state != WaitingState.Waiting || !told)
            {
                // Where the stream ends before it is decided, the browser asks again after a second.
                await WriteAsync(context, Encoding.ASCII.GetBytes($"retry: 1000\nevent: {NameOf(state)}\ndata: {NameOf(state)}\n\n"), ending.Token);
                told = true;
            }
            else
            {
                await WriteAsync(context, StillHere, ending.Token);
            }

            var left = LongestStream - clock.GetElapsedTime(begun);
            if (state != WaitingState.Waiting || left <= TimeSpan.Zero)
                return;
            await listener.WaitAsync(left < LookAgain ? left : LookAgain, ending.Token);
        }
    }

    private static async Task WriteAsync(HttpContext context, byte[] bytes, CancellationToken cancel)
    {
        await context.Response.Body.WriteAsync(bytes, cancel);
        await context.Response.Body.FlushAsync(cancel);
    }

    private static string NameOf(WaitingState state) => state switch
    {
        WaitingState.Waiting => "waiting",
        WaitingState.Approved => "approved",
        WaitingState.Denied => "denied",
        _ => "over",
    };
}
