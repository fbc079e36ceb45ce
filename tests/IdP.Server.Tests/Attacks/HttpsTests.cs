using System.Text.Json.Nodes;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>A server that speaks TLS itself, as in production without a proxy: what is bound to the host there, and that nothing names plain http.</summary>
public sealed class HttpsTests : IAsyncLifetime
{
    private TestIdp idp = null!;

    public async ValueTask InitializeAsync() =>
        idp = await TestIdp.StartAsync(StorePair.SqliteAndMemory, new TestIdpOptions { Https = true, Seed = new Seed(otpPeople: 2) });

    public ValueTask DisposeAsync() => idp?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task A_whole_sign_in_with_OTP_ends_in_tokens_and_every_cookie_belongs_to_this_host_alone()
    {
        using var browser = idp.Browser();
        var person = idp.WithOtp();
        var web = idp.App(TestClient.Web);
        var ask = web.Ask("openid offline_access").With("ui_locales", "zh-CN");
        List<Stop> stops = [await browser.OpenAsync(ask.Url)];
        stops.Add(await browser.SubmitAsync(stops[^1], new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in"));
        Assert.Equal("/verify", stops[^1].At);
        stops.Add(await browser.SubmitAsync(stops[^1], new Dictionary<string, string> { ["code"] = person.CodeAt(idp.Clock), ["trust"] = "yes" }, "/verify"));
        var tokens = (await web.RedeemAsync(stops[^1].MustAnswer(), ask)).MustSucceed();
        stops.Add(await browser.VisitAsync("/?theme=dark"));

        var id = await idp.ReadAsync(tokens.IdToken, "web");
        Assert.Equal(("mfa", "pwd otp mfa"), (id.Acr, string.Join(' ', id.Amr)));
        Assert.Equal(200, (await web.UserInfoAsync(tokens.AccessToken)).Status);
        Assert.NotNull((await web.RefreshAsync(tokens.RefreshToken)).MustSucceed().AccessToken);

        var hops = stops.SelectMany(stop => stop.Trail).ToList();
        var cookies = hops.SelectMany(hop => hop.Head.All("Set-Cookie")).ToList();
        // Session, browser, owner of the sign-in, trusted device - and the choices that grant nothing.
        foreach (var kind in (string[])["session", "browser", "owner-", "trust-", "lang", "theme"])
            Assert.Contains(cookies, cookie => cookie.StartsWith("__Host-idp." + kind, StringComparison.Ordinal));
        Assert.All(cookies, cookie =>
        {
            var parts = cookie.Split(';', StringSplitOptions.TrimEntries);
            Assert.StartsWith("__Host-idp.", parts[0], StringComparison.Ordinal);
            foreach (var part in (string[])["secure", "httponly", "path=/", "samesite=lax"])
                Assert.Contains(part, parts, StringComparer.OrdinalIgnoreCase);
            Assert.DoesNotContain(parts, part => part.StartsWith("domain", StringComparison.OrdinalIgnoreCase));
        });
        Assert.All(hops, hop => Assert.Equal("max-age=31536000", hop.Head["Strict-Transport-Security"]));
        Assert.All(hops, hop => HeaderAuditTests.Audit(hop.Head, $"{hop.Method} {hop.Url.AbsolutePath}"));
    }

    [Fact]
    public async Task A_trusted_device_is_known_again_and_a_sign_out_takes_the_session_away()
    {
        using var browser = idp.Browser();
        var person = idp.WithOtp();
        var password = new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password };
        var at = await browser.SubmitAsync(await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url), password, "/sign-in");
        Assert.NotNull((await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = person.CodeAt(idp.Clock), ["trust"] = "yes" }, "/verify")).MustAnswer()["code"]);
        browser.Forget("idp.session");
        at = await browser.SubmitAsync(await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url), password, "/sign-in");
        Assert.NotNull(at.MustAnswer()["code"]);

        var page = await browser.OpenAsync("/connect/endsession");
        await browser.SubmitAsync(page, new Dictionary<string, string> { ["decision"] = "sign-out" }, "/connect/endsession/confirm");
        Assert.False(browser.HasCookie("idp.session"));
    }

    [Fact]
    public async Task Discovery_names_https_addresses_only()
    {
        foreach (var document in (string[])["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"])
        {
            var body = (await idp.GetAsync(document)).MustSucceed();
            Assert.Equal(idp.Issuer, body["issuer"]);
            Assert.DoesNotContain("http://", body.Body, StringComparison.Ordinal);
            var addresses = body.Json!.Where(member => member.Key.EndsWith("_endpoint", StringComparison.Ordinal) || member.Key == "jwks_uri").ToList();
            Assert.True(addresses.Count >= 7, body.Body);
            Assert.All(addresses, member => Assert.StartsWith(idp.Issuer + "/", ((JsonValue)member.Value!).GetValue<string>(), StringComparison.Ordinal));
        }
    }
}
