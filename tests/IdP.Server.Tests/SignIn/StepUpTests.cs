using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>The promise of acr and amr through the front door (J-01, J-09, J-11, J-12): what a token says was really done in that browser, or there is no token.</summary>
public abstract class StepUpModules(TestIdp idp)
{
    [Fact]
    public async Task A_password_alone_says_pwd_and_a_bound_factor_is_asked_for_where_the_client_did_not_ask_for_less()
    {
        using var plain = idp.Browser();
        Assert.Equal(("pwd", "pwd"), await SignedInAsync(plain, TestClient.Web, idp.Plain()));
        using var careful = idp.Browser();
        Assert.Equal(("mfa", "pwd otp mfa"), await SignedInAsync(careful, TestClient.Web, idp.WithOtp()));
        using var onRequest = idp.Browser();
        Assert.Equal(("pwd", "pwd"), await SignedInAsync(onRequest, TestClient.Calm, idp.WithOtp()));
    }

    [Fact]
    public async Task Step_up_asks_for_the_second_factor_only_and_leaves_the_passwords_time_alone()
    {
        var calm = idp.App(TestClient.Calm);
        var person = idp.WithOtp();
        using var browser = idp.Browser();
        var first = await TokensAsync(calm, calm.Ask("openid offline_access").With("prompt", "consent"), browser, person);
        var weak = await idp.ReadAsync(first.IdToken, "calm");

        var ask = calm.Ask().With("acr_values", "mfa");
        var at = await browser.OpenAsync(ask.Url);
        Assert.Equal("/verify", at.At);
        var strong = await idp.ReadAsync((await calm.RedeemAsync((await idp.PassAsync(browser, at, person)).MustAnswer(), ask)).MustSucceed().IdToken, "calm");
        Assert.Equal(("mfa", weak["auth_time"]), (strong.Acr, strong["auth_time"]));

        // The grant from before the step-up stays what it was.
        var refreshed = (await calm.RefreshAsync(first.RefreshToken)).MustSucceed();
        Assert.Equal("pwd", (await idp.ReadAsync(refreshed.IdToken, "calm")).Acr);
        // And the session now answers a wish for mfa without a page.
        Assert.NotNull((await browser.OpenAsync(calm.Ask().With("acr_values", "mfa").With("prompt", "none").Url)).MustAnswer()["code"]);
    }

    [Fact]
    public async Task A_wish_that_cannot_be_met_gets_the_weaker_truth()
    {
        var calm = idp.App(TestClient.Calm);
        using var browser = idp.Browser();
        var wish = await TokensAsync(calm, calm.Ask().With("acr_values", "mfa"), browser, idp.Plain());
        Assert.Equal("pwd", (await idp.ReadAsync(wish.IdToken, "calm")).Acr);

        // A name that means nothing here is refused, whatever could be bound.
        const string unknown = """{"id_token":{"acr":{"essential":true,"values":["urn:unknown"]}}}""";
        Assert.Equal("unmet_authentication_requirements", (await browser.OpenAsync(calm.Ask().With("claims", unknown).Url)).MustAnswer()["error"]);
    }

    [Fact]
    public async Task A_demand_that_can_be_met_is_met_whatever_the_client_usually_asks()
    {
        using var browser = idp.Browser();
        Assert.Equal(("mfa", "pwd otp mfa"), await SignedInAsync(browser, TestClient.Strict, idp.WithOtp()));
    }

    [Fact]
    public async Task A_clients_minimum_is_what_its_tokens_say_also_when_the_app_asks_for_less()
    {
        var strict = idp.App(TestClient.Strict);
        using var browser = idp.Browser();
        var tokens = await TokensAsync(strict, strict.Ask().With("acr_values", "pwd"), browser, idp.WithOtp());
        Assert.Equal("mfa", (await idp.ReadAsync(tokens.IdToken, "strict")).Acr);
    }

    [Fact]
    public async Task Silence_never_gets_more_than_there_is()
    {
        var calm = idp.App(TestClient.Calm);
        using var browser = idp.Browser();
        Assert.Equal("login_required", (await browser.OpenAsync(calm.Ask().With("prompt", "none").Url)).MustAnswer()["error"]);
        await TokensAsync(calm, calm.Ask(), browser, idp.WithOtp());
        Assert.Equal("interaction_required", (await browser.OpenAsync(calm.Ask().With("prompt", "none").With("acr_values", "mfa").Url)).MustAnswer()["error"]);
    }

    [Fact]
    public async Task Who_turns_back_at_the_second_factor_leaves_the_app_with_access_denied()
    {
        var web = idp.App(TestClient.Web);
        var person = idp.WithOtp();
        using var browser = idp.Browser();
        var at = await browser.OpenAsync(web.Ask().Url);
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        Assert.Equal("/verify", at.At);
        var back = await browser.SubmitAsync(at, new Dictionary<string, string>(), "/connect/cancel");
        Assert.Equal("access_denied", back.MustAnswer()["error"]);
        // The password alone left no session behind.
        Assert.Equal("login_required", (await browser.OpenAsync(idp.App(TestClient.Calm).Ask().With("prompt", "none").Url)).MustAnswer()["error"]);
    }

    [Fact]
    public async Task Asking_to_sign_in_again_asks_for_both_again_where_both_are_wanted()
    {
        var web = idp.App(TestClient.Web);
        var person = idp.WithOtp();
        using var browser = idp.Browser();
        await TokensAsync(web, web.Ask(), browser, person);
        var at = await browser.OpenAsync(web.Ask().With("prompt", "login").Url);
        Assert.Equal("/sign-in", at.At);
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        Assert.Equal("/verify", at.At);
    }

    private async Task<(string?, string)> SignedInAsync(Browser browser, TestClient client, Person person)
    {
        var app = idp.App(client);
        var tokens = await TokensAsync(app, app.Ask(), browser, person);
        var id = await idp.ReadAsync(tokens.IdToken, client.Id);
        return (id.Acr, string.Join(' ', id.Amr));
    }

    private async Task<TokenAnswer> TokensAsync(RelyingParty app, AuthorizationAsk ask, Browser browser, Person person) =>
        (await app.RedeemAsync((await idp.SignInAsync(browser, ask, person)).MustAnswer(), ask)).MustSucceed();
}
