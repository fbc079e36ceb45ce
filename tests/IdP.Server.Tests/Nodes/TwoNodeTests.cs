using System.Collections.Concurrent;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Nodes;

/// <summary>Two nodes on PostgreSQL and Redis behind a balancer that never sends two requests in a row to the same one.</summary>
public sealed class TwoNodeTests(TwoNodeHost host) : IClassFixture<TwoNodeHost>
{
    private readonly TestIdp idp = host.Idp;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_sign_in_started_on_one_node_ends_on_the_other(int first)
    {
        var web = idp.App(TestClient.Web);
        var person = idp.WithOtp();
        using var browser = idp.Browser();
        ConcurrentBag<int> used = [];
        browser.Node = () => Use(first);
        var ask = web.Ask("openid offline_access").With("prompt", "consent");

        // One node draws each page, the other takes its form.
        var at = await browser.OpenAsync(ask.Url);
        browser.Node = () => Use(1 - first);
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        Assert.Equal("/verify", at.At);
        browser.Node = () => Use(first);
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = person.CodeAt(idp.Clock) }, "/verify");
        browser.Node = () => Use(1 - first);
        var code = (await idp.PassAsync(browser, at, person)).MustAnswer().Code;
        Assert.Equal([0, 1], used.Distinct().Order());

        var tokens = (await web.RedeemAsync(code, ask, first)).MustSucceed();
        var id = await idp.ReadAsync(tokens.IdToken, "web");
        Assert.Equal("mfa", id.Acr);
        Assert.Equal(200, (await web.UserInfoAsync(tokens.AccessToken, node: 1 - first)).Status);
        var next = (await web.RefreshAsync(tokens.RefreshToken, 1 - first)).MustSucceed();
        Assert.True(await web.IsActiveAsync(next.AccessToken, first));

        int Use(int node)
        {
            used.Add(node);
            return node;
        }
    }

    [Fact]
    public async Task Every_request_through_the_other_node_makes_no_difference()
    {
        var calm = idp.App(TestClient.Calm);
        var person = idp.WithOtp();
        using var browser = idp.Browser();
        var sent = 0;
        browser.Node = () => Interlocked.Increment(ref sent) % 2;

        var ask = calm.Ask();
        var first = await idp.ReadAsync((await calm.RedeemAsync((await idp.SignInAsync(browser, ask, person)).MustAnswer(), ask)).MustSucceed().IdToken, "calm");
        Assert.Equal("pwd", first.Acr);

        // The step-up happens in the session the other node began.
        var more = calm.Ask().With("acr_values", "mfa");
        var at = await browser.OpenAsync(more.Url);
        Assert.Equal("/verify", at.At);
        var tokens = (await calm.RedeemAsync((await idp.PassAsync(browser, at, person)).MustAnswer(), more, node: 1)).MustSucceed();
        var second = await idp.ReadAsync(tokens.IdToken, "calm");
        Assert.Equal(("mfa", first.Subject, first["auth_time"]), (second.Acr, second.Subject, second["auth_time"]));

        // Signed out on one node is signed out on the other within five seconds (I-5), and its tokens are dead there.
        browser.Node = () => 0;
        await browser.OpenAsync("/connect/endsession?id_token_hint=" + tokens.IdToken);
        await idp.UntilAllKnowAsync();
        browser.Node = () => 1;
        Assert.Equal("login_required", (await browser.OpenAsync(calm.Ask().With("prompt", "none").Url)).MustAnswer().Error);
        Assert.Equal(401, (await calm.UserInfoAsync(tokens.AccessToken, node: 1)).Status);
    }
}

public sealed class TwoNodeHost : IAsyncLifetime
{
    public TestIdp Idp { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Idp = await TestIdp.StartAsync(StorePair.PostgresAndRedis, new TestIdpOptions { Nodes = 2, Seed = new Seed(otpPeople: 4) });

    public ValueTask DisposeAsync() => Idp?.DisposeAsync() ?? ValueTask.CompletedTask;
}
