using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using IdP.Server.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace IdP.Journeys;

/// <summary>
/// Somebody on the line to the token endpoint: sees what every relying party redeems and what it is answered, and can send a copy of the very same request first.
/// Then all that is wrong with the relying party's own is that its code was used.
/// </summary>
public sealed class TokenTap : IStartupFilter
{
    private readonly ConcurrentQueue<TokenCall> calls = new();
    private volatile bool faster;

    public IReadOnlyCollection<TokenCall> Calls => calls;

    /// <summary>Forgets what was seen before. Tests on one server run one after another.</summary>
    /// <param name="beFaster">Send a copy of the next request before it.</param>
    public void Listen(bool beFaster = false)
    {
        calls.Clear();
        faster = beFaster;
    }

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(TapAsync);
        next(app);
    };

    private async Task TapAsync(HttpContext http, RequestDelegate next)
    {
        if (http.Request.Path != "/connect/token" || http.Request.Headers.ContainsKey("X-Copy"))
        {
            await next(http);
            return;
        }

        http.Request.EnableBuffering();
        var body = await new StreamReader(http.Request.Body).ReadToEndAsync(http.RequestAborted);
        http.Request.Body.Position = 0;
        int? copied = null;
        if (faster)
        {
            // One only: what comes after this test is nobody's to disturb.
            faster = false;
            copied = await SendCopyAsync(http, body);
        }

        var answer = http.Response.Body;
        using var seen = new MemoryStream();
        http.Response.Body = seen;
        await next(http);
        http.Response.Body = answer;
        calls.Enqueue(new TokenCall(QueryHelpers.ParseQuery(body)["code"].ToString(), http.Response.StatusCode, JsonNode.Parse(seen.ToArray()) as JsonObject, copied));
        await answer.WriteAsync(seen.ToArray(), http.RequestAborted);
    }

    private static async Task<int?> SendCopyAsync(HttpContext http, string body)
    {
        using var copy = new HttpRequestMessage(HttpMethod.Post, $"http://localhost:{http.Connection.LocalPort}/connect/token") { Content = new StringContent(body) };
        copy.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(http.Request.ContentType!);
        copy.Headers.TryAddWithoutValidation("Authorization", http.Request.Headers.Authorization.ToString());
        copy.Headers.Add("X-Copy", "1");
        using var sender = Browser.Through(http.Connection.LocalPort);
        using var answer = await sender.SendAsync(copy, http.RequestAborted);
        return (int)answer.StatusCode;
    }
}

/// <summary>A code on its way to the token endpoint, and what came of it.</summary>
/// <param name="Copied">What whoever was faster with the same request was answered.</param>
public sealed record TokenCall(string Code, int Status, JsonObject? Answer, int? Copied)
{
    public string? Error => (string?)Answer?["error"];

    public string? Reason => (string?)Answer?["error_description"];

    /// <summary>The code itself: not its verifier, not its address, which would be said in other words.</summary>
    public bool IsAboutTheCode => Error == "invalid_grant" && Reason is "The code is unknown, expired, already used or another client's.";
}
