using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using IdP.Protocol.Tokens;
using IdP.Server.Hosting;

namespace IdP.Server.Demo;

/// <summary>The demo app's own addresses. They start sign-ins and take answers in; everything else happens at the front door.</summary>
internal static class DemoPages
{
    private const string Home = "/demo";
    private const string Money = "/demo/money";

    public static void Map(IEndpointRouteBuilder demo)
    {
        demo.MapGet("/", HomeAsync);
        demo.MapGet("/code", (DemoIdentity identity) => identity.CurrentCode() is var (code, left) ? Results.Json(new { code, left, text = DemoTexts.SecondsLeft(left) }) : null);
        demo.MapGet("/sign-in", (HttpContext http, DemoVisits visits, DemoRelyingParty app, CancellationToken cancel) =>
            GoAsync(app, visits.Of(http), Home, http.Request.Query["how"].ToString() switch
            {
                "mfa" => new() { ["acr_values"] = AcrLevels.Mfa },
                "silent" => new() { ["prompt"] = "none" },
                _ => [],
            }, cancel));
        demo.MapGet("/callback", async (HttpContext http, DemoVisits visits, DemoRelyingParty app, CancellationToken cancel) =>
            Results.LocalRedirect(await app.FinishAsync(visits.Of(http), http.Request.Query, cancel)));
        demo.MapGet("/sign-out", async (HttpContext http, DemoVisits visits, DemoRelyingParty app, CancellationToken cancel) =>
            Results.Redirect(await app.EndAsync(visits.Of(http), cancel)));
        demo.MapGet("/money", MoneyAsync);
    }

    private static async Task HomeAsync(HttpContext http, DemoVisits visits, DemoIdentity identity, PageRenderer renderer)
    {
        var visit = visits.Of(http);
        var view = new DemoView(visit.Tokens, visit.Error, identity);
        visit.Error = null;
        await renderer.RenderAsync(http, "/Demo/Home.cshtml", view, StatusCodes.Status200OK);
    }

    /// <summary>RFC 9470 §4: the API refuses, the app asks the server for what the API wants, and tries once more - not for ever.</summary>
    private static async Task<IResult> MoneyAsync(HttpContext http, DemoVisits visits, DemoRelyingParty app, DemoIssuer issuer, PageRenderer renderer, CancellationToken cancel)
    {
        var visit = visits.Of(http);
        if (visit.Tokens is not { } tokens)
            return await GoAsync(app, visit, Money, [], cancel);

        using var request = new HttpRequestMessage(HttpMethod.Get, issuer.Issuer + "/demo/api");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", tokens.AccessToken);
        using var answer = await issuer.Http.SendAsync(request, cancel);
        var challenge = answer.Headers.WwwAuthenticate.ToString();
        if (challenge.Contains("insufficient_user_authentication", StringComparison.Ordinal) && !http.Request.Query.ContainsKey("again"))
            return await GoAsync(app, visit, Money + "?again=1", Demands(challenge), cancel);

        var view = new MoneyView(answer.IsSuccessStatusCode, challenge, await answer.Content.ReadAsStringAsync(cancel));
        await renderer.RenderAsync(http, "/Demo/Money.cshtml", view, StatusCodes.Status200OK);
        return Results.Empty;
    }

    private static async Task<IResult> GoAsync(DemoRelyingParty app, DemoVisit visit, string returnTo, Dictionary<string, string?> wishes, CancellationToken cancel) =>
        Results.Redirect(await app.BeginAsync(visit, returnTo, wishes, cancel));

    // RFC 9470 §5: acr_values would be a wish, which somebody without a second factor leaves unmet. What the API insists on is demanded as an essential acr:
    // it is met, if need be by binding a factor, or there is an error. max_age is a demand as it stands.
    private static Dictionary<string, string?> Demands(string challenge)
    {
        var wanted = challenge["Bearer ".Length..].Split(", ").Select(part => part.Split('=', 2)).Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => pair[1].Trim('"'));
        Dictionary<string, string?> demands = [];
        if (wanted.TryGetValue("acr_values", out var acr))
        {
            demands["claims"] = new JsonObject
            {
                ["id_token"] = new JsonObject { ["acr"] = new JsonObject { ["essential"] = true, ["values"] = new JsonArray([.. acr.Split(' ').Select(name => JsonValue.Create(name))]) } },
            }.ToJsonString();
        }

        if (wanted.TryGetValue("max_age", out var age))
            demands["max_age"] = age;
        return demands;
    }
}

internal sealed record DemoView(DemoTokens? Tokens, string? Error, DemoIdentity Identity);

internal sealed record MoneyView(bool Accepted, string Challenge, string Body);
