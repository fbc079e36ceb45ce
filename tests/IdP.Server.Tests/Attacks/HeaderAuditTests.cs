using IdP.Server.Tests.Support;
using Microsoft.AspNetCore.Routing;

namespace IdP.Server.Tests.Attacks;

/// <summary>N-12, N-90, N-91: every route, by every method, in every state of a sign-in, carries the headers and cookies it must.</summary>
public sealed class HeaderAuditTests(SqliteAttackHost host) : IClassFixture<SqliteAttackHost>
{
    private readonly TestIdp idp = host.Idp;

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("OPTIONS")]
    [InlineData("HEAD")]
    public async Task Every_route_carries_the_headers(string method)
    {
        var routes = idp.Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Select(route => "/" + (route.RoutePattern.RawText ?? "").TrimStart('/')).Distinct().ToList();
        Assert.Contains("/connect/authorize", routes);
        Assert.Contains("/connect/token", routes);
        Assert.Contains("/sign-in", routes);
        foreach (var route in routes.Append("/no/such/page"))
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), idp.Issuer + route.Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal).Replace("*", "", StringComparison.Ordinal));
            var answer = await idp.SendAsync(request);
            Assert.True(answer.Status < 500, $"{method} {route}: {answer.Status}");
            Audit(answer.Head, $"{method} {route}");
        }
    }

    [Fact]
    public async Task A_whole_sign_in_carries_the_headers_and_cookies()
    {
        using var browser = idp.Browser();
        var person = idp.WithOtp();
        var web = idp.App(TestClient.Web);
        var ask = web.Ask(responseMode: "form_post");
        var at = await browser.OpenAsync(ask.Url);
        List<Hop> trail = [.. at.Trail];
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = "wrong" }, "/sign-in");
        trail.AddRange(at.Trail);
        var finished = await idp.PassAsync(browser, at, person);
        trail.AddRange(finished.Trail);
        var tokens = (await web.RedeemAsync(finished.MustAnswer(), ask)).MustSucceed();
        trail.AddRange((await browser.OpenAsync("/connect/endsession")).Trail);
        trail.AddRange((await browser.OpenAsync("/connect/endsession?id_token_hint=" + tokens.IdToken)).Trail);

        foreach (var hop in trail)
        {
            Audit(hop.Head, $"{hop.Method} {hop.Url.AbsolutePath} {hop.Status}");
            Assert.False(hop.Method == "POST" && (int)hop.Status is 301 or 302 or 307 or 308, $"{hop.Method} {hop.Url.AbsolutePath} redirects by {(int)hop.Status}");
        }

        Assert.Contains(trail, hop => hop.Head.All("Set-Cookie").Any(cookie => cookie.StartsWith("idp.session=", StringComparison.Ordinal)));
    }

    /// <summary>N-79: the handle that was known before an authentication is worth nothing after it.</summary>
    [Fact]
    public async Task Every_authentication_gives_a_new_session_handle()
    {
        using var browser = idp.Browser();
        var person = idp.WithOtp();
        await idp.SignInAsync(browser, idp.App(TestClient.Calm).Ask(), person);
        var before = Session(browser);
        await idp.SignInAsync(browser, idp.App(TestClient.Calm).Ask().With("acr_values", "mfa"), person);
        var after = Session(browser);
        Assert.NotEqual(before, after);

        using var thief = idp.Browser();
        thief.Cookies.Add(new Uri(idp.Issuer), new System.Net.Cookie("idp.session", before));
        var stop = await thief.OpenAsync(idp.App(TestClient.Calm).Ask().With("prompt", "none").Url);
        Assert.NotNull(stop.MustAnswer().Error);
    }

    private string Session(Browser browser) => browser.Cookies.GetCookies(new Uri(idp.Issuer))["idp.session"]!.Value;

    internal static void Audit(HttpResponseHead head, string what)
    {
        Assert.True(head["X-Content-Type-Options"] == "nosniff", what + ": nosniff");
        Assert.True(head["Referrer-Policy"] == "no-referrer", what + ": referrer");
        Assert.True(head["Server"] is null && head["X-Powered-By"] is null, what + ": says what it is made of");
        if (head["Content-Type"]?.StartsWith("text/html", StringComparison.Ordinal) is true)
        {
            var policy = head["Content-Security-Policy"] ?? "";
            Assert.True(policy.Contains("frame-ancestors 'none'", StringComparison.Ordinal) && policy.Contains("default-src 'none'", StringComparison.Ordinal) && policy.Contains("base-uri 'none'", StringComparison.Ordinal) && policy.Contains("form-action", StringComparison.Ordinal), $"{what}: {policy}");
            Assert.True(!policy.Contains("unsafe", StringComparison.Ordinal) && !policy.Contains('*', StringComparison.Ordinal), $"{what}: {policy}");
            Assert.True(head["Cache-Control"]?.Contains("no-store", StringComparison.Ordinal) is true, $"{what}: {head["Cache-Control"]}");
            Assert.True(head["X-Frame-Options"] == "DENY", what + ": framing");
        }

        foreach (var cookie in head.All("Set-Cookie"))
        {
            var parts = cookie.Split(';', StringSplitOptions.TrimEntries);
            Assert.True(parts.Contains("httponly", StringComparer.OrdinalIgnoreCase), $"{what}: {parts[0].Split('=')[0]} is open to scripts");
            Assert.True(parts.Any(part => part.StartsWith("samesite=", StringComparison.OrdinalIgnoreCase)), $"{what}: {cookie}");
            Assert.True(parts.Contains("path=/", StringComparer.OrdinalIgnoreCase) && !parts.Any(part => part.StartsWith("domain=", StringComparison.OrdinalIgnoreCase)), $"{what}: {cookie}");
        }
    }
}
