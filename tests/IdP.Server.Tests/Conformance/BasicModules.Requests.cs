using System.Text;
using IdP.Server.Tests.Support;
using Microsoft.IdentityModel.Tokens;

namespace IdP.Server.Tests.Conformance;

/// <summary>Requests that are odd, and requests that must be refused.</summary>
public abstract partial class BasicModules
{
    /// <summary>C-011 oidcc-response-type-missing.</summary>
    [Fact]
    public async Task A_request_without_response_type_is_refused()
    {
        using var browser = idp.Browser();
        var ask = Ask().With("response_type", null);
        Assert.Contains(Checks.Error(await browser.OpenAsync(ask.Url), ask, idp.Issuer), (string[])["unsupported_response_type", "invalid_request"]);
    }

    /// <summary>C-017 oidcc-ensure-request-without-nonce-succeeds-for-code-flow.</summary>
    [Fact]
    public async Task The_code_flow_needs_no_nonce()
    {
        var done = await HappyAsync(Ask().With("nonce", null));
        Assert.Null(done.IdToken["nonce"]);
    }

    /// <summary>C-048 oidcc-ensure-request-without-nonce-fails, and every response type that would put tokens into the address.</summary>
    [Theory]
    [InlineData("id_token")]
    [InlineData("token")]
    [InlineData("id_token token")]
    [InlineData("code id_token")]
    [InlineData("code token")]
    [InlineData("none")]
    public async Task Only_the_code_flow_exists(string responseType)
    {
        using var browser = idp.Browser();
        var ask = Ask().With("response_type", responseType).With("nonce", null);
        Assert.Equal("unsupported_response_type", Checks.Error(await browser.OpenAsync(ask.Url), ask, idp.Issuer));
    }

    /// <summary>C-039 oidcc-ensure-registered-redirect-uri.</summary>
    [Fact]
    public async Task A_redirect_uri_that_is_not_registered_is_never_called()
    {
        using var browser = idp.Browser();
        Checks.ErrorPage(await browser.OpenAsync(Ask().With("redirect_uri", TestClient.Suite.RedirectUri + "/x7f3").Url));
    }

    /// <summary>Through every way in and out: the first line, a form, a pushed request; the page that leaves, a redirect, form_post.</summary>
    [Theory]
    [InlineData("address")]
    [InlineData("form")]
    [InlineData("pushed")]
    public async Task A_state_of_8_KB_comes_back(string how)
    {
        using var browser = idp.Browser();
        // As an app without a store packs it, with as much again in the rest.
        var ask = Ask().With("state", new string('=', 2730)).With("ui_locales", new string('a', 500)).With("unread", new string('u', 7000));
        async Task<Stop> GoAsync() => how switch
        {
            "address" => await browser.OpenAsync(ask.Url),
            "form" => await browser.PostFromElsewhereAsync("/connect/authorize", ask.Values),
            _ => await browser.OpenAsync(ask.BehindHandle((await suite.PushAsync(ask)).MustSucceed()["request_uri"]!)),
        };

        var answer = (await idp.PassAsync(browser, await GoAsync(), idp.Plain())).MustAnswer();
        Assert.Equal(ask["state"], answer["state"]);
        Assert.Equal(ask["state"], (await GoAsync()).MustAnswer()["state"]);
    }

    /// <summary>C-040 oidcc-ensure-post-request-succeeds: from the client's own page, so without our cookies at first.</summary>
    [Fact]
    public async Task An_authorization_request_may_be_posted()
    {
        using var browser = idp.Browser();
        var ask = Ask();
        var stop = await browser.PostFromElsewhereAsync("/connect/authorize", ask.Values);
        await RedeemAsync(await idp.PassAsync(browser, stop, idp.Plain()), ask, browser);
    }

    /// <summary>C-042 oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported.</summary>
    [Fact]
    public async Task A_request_object_by_reference_is_refused_in_words()
    {
        using var browser = idp.Browser();
        var ask = Ask().With("request_uri", "https://suite.example/request.jwt");
        Assert.Equal("request_uri_not_supported", Checks.Error(await browser.OpenAsync(ask.Url), ask, idp.Issuer));
    }

    /// <summary>C-043 oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported.</summary>
    [Fact]
    public async Task A_request_object_by_value_is_refused_in_words()
    {
        using var browser = idp.Browser();
        var ask = Ask().With("request", RequestObject(TestClient.Suite.RedirectUri));
        Assert.Equal("request_not_supported", Checks.Error(await browser.OpenAsync(ask.Url), ask, idp.Issuer));
    }

    /// <summary>C-045 oidcc-ensure-request-object-with-redirect-uri.</summary>
    [Fact]
    public async Task A_request_object_does_not_excuse_a_wrong_redirect_uri()
    {
        using var browser = idp.Browser();
        Checks.ErrorPage(await browser.OpenAsync(Ask().With("redirect_uri", "https://evil.example/").With("request", RequestObject(TestClient.Suite.RedirectUri)).Url));
    }

    /// <summary>C-047 oidcc-ensure-request-with-valid-pkce-succeeds.</summary>
    [Fact]
    public async Task A_request_with_PKCE_succeeds() => await HappyAsync(Ask().WithPkce());

    /// <summary>RFC 7636 and RFC 9700 §2.1.1: the four cells of the truth table.</summary>
    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, false, true)]
    public async Task A_verifier_is_wanted_exactly_when_a_challenge_was_sent(bool challenge, bool verifier, bool accepted)
    {
        using var browser = idp.Browser();
        var ask = challenge ? Ask().WithPkce() : Ask();
        var stop = await idp.SignInAsync(browser, ask, idp.Plain());
        Dictionary<string, string> form = new() { ["grant_type"] = "authorization_code", ["code"] = Checks.Success(stop, ask, idp.Issuer), ["redirect_uri"] = TestClient.Suite.RedirectUri };
        if (verifier)
            form["code_verifier"] = ask.Verifier ?? new string('v', 43);
        var answer = await suite.PostAsync("/connect/token", form);
        if (accepted)
            await Checks.TokensAsync(idp, answer, ask);
        else
            Checks.TokenError(answer, "invalid_grant");
    }

    /// <summary>RFC 9700 §2.1.1: PKCE where it is required, and never "plain".</summary>
    [Theory]
    [InlineData(null, null)]
    [InlineData("plain", "abcdefghijklmnopqrstuvwxyz0123456789-._~ABCDEF")]
    [InlineData(null, "abcdefghijklmnopqrstuvwxyz0123456789-._~ABCDEF")]
    [InlineData("S256", "short")]
    public async Task A_client_that_needs_PKCE_cannot_go_without(string? method, string? challenge)
    {
        using var browser = idp.Browser();
        var ask = idp.App(TestClient.Web).Ask("openid", responseMode).With("code_challenge", challenge).With("code_challenge_method", method);
        Assert.Equal("invalid_request", Checks.Error(await browser.OpenAsync(ask.Url), ask, idp.Issuer));
    }

    private static string RequestObject(string redirectUri) =>
        Base64UrlEncoder.Encode("""{"alg":"none"}""") + "." + Base64UrlEncoder.Encode(Encoding.UTF8.GetBytes($$"""{"redirect_uri":"{{redirectUri}}","client_id":"suite","response_type":"code","scope":"openid"}""")) + ".";
}
