using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Conformance;

/// <summary>RFC 9126 as the FAPI 2.0 plan checks it.</summary>
public abstract class PushedAuthorizationModules(TestIdp idp)
{
    private readonly RelyingParty suite = idp.App(TestClient.Suite);

    private async Task<(AuthorizationAsk Ask, string RequestUri)> PushedAsync()
    {
        var ask = suite.Ask();
        var answer = await suite.PushAsync(ask);
        Assert.True(answer.Status == 201, $"{answer.Status} {answer.Body}");
        Assert.Contains("no-store", answer.Head["Cache-Control"], StringComparison.Ordinal);
        Assert.InRange(answer.Json!["expires_in"]!.GetValue<int>(), 5, 600);
        Assert.StartsWith("urn:ietf:params:oauth:request_uri:", answer["request_uri"], StringComparison.Ordinal);
        Checks.Random(answer["request_uri"]!["urn:ietf:params:oauth:request_uri:".Length..]);
        return (ask, answer["request_uri"]!);
    }

    /// <summary>C-155: client_id and request_uri alone suffice.</summary>
    [Fact]
    public async Task A_pushed_request_signs_a_person_in()
    {
        using var browser = idp.Browser();
        var (ask, requestUri) = await PushedAsync();
        var stop = await idp.PassAsync(browser, await browser.OpenAsync(ask.BehindHandle(requestUri)), idp.Plain());
        await Checks.TokensAsync(idp, await suite.RedeemAsync(Checks.Success(stop, ask, idp.Issuer), ask), ask);
    }

    /// <summary>C-143: opened twice before the sign-in completes.</summary>
    [Fact]
    public async Task A_handle_may_be_opened_twice_before_the_sign_in_completes()
    {
        using var browser = idp.Browser();
        var (ask, requestUri) = await PushedAsync();
        await browser.OpenAsync(ask.BehindHandle(requestUri));
        var stop = await idp.PassAsync(browser, await browser.OpenAsync(ask.BehindHandle(requestUri)), idp.Plain());
        Checks.Success(stop, ask, idp.Issuer);
    }

    /// <summary>C-144: not after it.</summary>
    [Fact]
    public async Task A_handle_is_dead_after_the_sign_in()
    {
        using var browser = idp.Browser();
        var (ask, requestUri) = await PushedAsync();
        Checks.Success(await idp.PassAsync(browser, await browser.OpenAsync(ask.BehindHandle(requestUri)), idp.Plain()), ask, idp.Issuer);
        Checks.ErrorPage(await browser.OpenAsync(ask.BehindHandle(requestUri)));
    }

    /// <summary>C-145: expired.</summary>
    [Fact]
    public async Task A_handle_expires()
    {
        using var browser = idp.Browser();
        var (ask, requestUri) = await PushedAsync();
        await idp.ForwardAsync(TimeSpan.FromSeconds(601));
        Checks.ErrorPage(await browser.OpenAsync(ask.BehindHandle(requestUri)));
    }

    /// <summary>C-146: used by another client.</summary>
    [Fact]
    public async Task A_handle_is_good_for_its_client_only()
    {
        using var browser = idp.Browser();
        var (_, requestUri) = await PushedAsync();
        Checks.ErrorPage(await browser.OpenAsync(idp.App(TestClient.SuiteTwo).Ask().BehindHandle(requestUri)));
    }

    /// <summary>C-147: a request_uri inside a push.</summary>
    [Fact]
    public async Task A_push_cannot_carry_a_request_uri()
    {
        var (ask, requestUri) = await PushedAsync();
        Checks.TokenError(await suite.PushAsync(ask.With("request_uri", requestUri)), "invalid_request");
    }

    /// <summary>C-148: PUT and GET.</summary>
    [Theory]
    [InlineData("PUT")]
    [InlineData("GET")]
    [InlineData("DELETE")]
    public async Task Only_POST_pushes(string method)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), idp.Issuer + "/connect/par");
        Assert.Equal(405, (await idp.SendAsync(request)).Status);
    }

    /// <summary>Faults are told at once, to the client.</summary>
    [Fact]
    public async Task A_push_with_a_wrong_redirect_uri_is_refused()
    {
        Checks.TokenError(await suite.PushAsync(suite.Ask().With("redirect_uri", "https://evil.example/")), "invalid_request");
        Checks.TokenError(await suite.PushAsync(suite.Ask().With("redirect_uri", null)), "invalid_request");
        Checks.TokenError(await suite.PushAsync(suite.Ask().Twice("scope")), "invalid_request");
    }
}
