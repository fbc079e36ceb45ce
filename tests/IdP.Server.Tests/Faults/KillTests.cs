using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Faults;

/// <summary>F-1, F-2, F-3: the server is killed with -9 between and inside the steps of a sign-in and a token exchange, and started again on the same stores.</summary>
public abstract partial class KillTests(TestIdp idp, bool sharedState)
{
    private readonly RelyingParty web = idp.App(TestClient.Web);

    /// <summary>A sign-in in progress may be lost with the memory it was in; then the person is told to start again. It never goes on by itself.</summary>
    [Theory]
    [InlineData("/sign-in")]
    [InlineData("/verify")]
    public async Task A_half_done_sign_in_goes_on_or_starts_again_and_is_never_taken_for_done(string step)
    {
        using var browser = idp.Browser();
        var person = idp.WithOtp();
        var ask = web.Ask();
        var at = await browser.OpenAsync(ask.Url);
        if (step == "/verify")
            at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        Assert.Equal(step, at.At);

        await idp.CrashAsync();

        Assert.NotNull((await browser.OpenAsync(web.Ask().With("prompt", "none").Url)).MustAnswer().Error);
        var stop = await browser.VisitAsync("/connect/continue" + at.Url.Query);
        // What was only begun travels in the address.
        if (sharedState || step == "/sign-in")
        {
            Assert.Equal(step, stop.At);
            Assert.NotNull((await idp.PassAsync(browser, stop, person)).Answer?["code"]);
        }
        else
        {
            Assert.True(stop.Answer is null && stop.PersonError is not null && (int)stop.Status < 500, stop.Describe());
            Assert.NotNull((await idp.SignInAsync(browser, web.Ask(), person)).Answer?["code"]);
        }
    }

    /// <summary>I-3: a step that was accepted stays used. I-4: the session that was answered stays.</summary>
    [Fact]
    public async Task An_accepted_OTP_step_stays_used_and_the_session_stays()
    {
        using var browser = idp.Browser();
        var person = idp.WithOtp();
        var (at, code) = await AtVerifyAsync(browser, person);
        Assert.NotNull((await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = code }, "/verify")).Answer?["code"]);

        await idp.CrashAsync();

        Assert.NotNull((await browser.OpenAsync(web.Ask().With("prompt", "none").Url)).Answer?["code"]);
        using var thief = idp.Browser();
        var again = await thief.SubmitAsync(await thief.OpenAsync(web.Ask().Url), new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        Assert.Equal("/verify", (await thief.SubmitAsync(again, new Dictionary<string, string> { ["code"] = code }, "/verify")).At);
    }

    [Fact]
    public async Task A_redeemed_code_stays_redeemed_and_its_tokens_stay_good()
    {
        using var browser = idp.Browser();
        var ask = web.Ask("openid offline_access").With("prompt", "consent");
        var code = (await idp.SignInAsync(browser, ask, idp.Plain())).MustAnswer().Code;
        var tokens = (await web.RedeemAsync(code, ask)).MustSucceed();

        await idp.CrashAsync();

        Assert.Equal(200, (await web.UserInfoAsync(tokens.AccessToken)).Status);
        await idp.ReadAsync(tokens.IdToken, "web");
        var next = (await web.RefreshAsync(tokens.RefreshToken)).MustSucceed();
        await idp.CrashAsync();
        var third = (await web.RefreshAsync(next.RefreshToken)).MustSucceed();
        Assert.Equal("invalid_grant", (await web.RedeemAsync(code, ask)).Error);
        Assert.Equal("invalid_grant", (await web.RefreshAsync(third.RefreshToken)).Error);
    }

    [Fact]
    public async Task An_ended_session_stays_ended_and_a_revoked_token_stays_revoked()
    {
        using var browser = idp.Browser();
        var ask = web.Ask("openid offline_access").With("prompt", "consent");
        var tokens = (await web.RedeemAsync((await idp.SignInAsync(browser, ask, idp.Plain())).MustAnswer(), ask)).MustSucceed();
        Assert.Equal(200, (await web.PostAsync("/connect/revocation", [new("token", tokens.RefreshToken)])).Status);
        await browser.OpenAsync("/connect/endsession?id_token_hint=" + tokens.IdToken);

        await idp.CrashAsync();

        Assert.Equal("invalid_grant", (await web.RefreshAsync(tokens.RefreshToken)).Error);
        Assert.Equal(401, (await web.UserInfoAsync(tokens.AccessToken)).Status);
        Assert.NotNull((await browser.OpenAsync(web.Ask().With("prompt", "none").Url)).MustAnswer().Error);
    }

    /// <summary>F-3: kill, guess, kill, guess: not one guess more than without kills.</summary>
    [Fact]
    public async Task A_crash_forgives_no_wrong_code()
    {
        var person = idp.WithOtp();
        for (var round = 0; round < 3; round++)
        {
            using var browser = idp.Browser();
            var (at, _) = await AtVerifyAsync(browser, person);
            for (var n = 0; n < 4; n++)
                await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = person.WrongCodeAt(idp.Clock) }, "/verify");
            await idp.CrashAsync();
        }

        using var owner = idp.Browser();
        var (last, code) = await AtVerifyAsync(owner, person);
        Assert.Null((await owner.SubmitAsync(last, new Dictionary<string, string> { ["code"] = code }, "/verify")).Answer);
    }

    private async Task<(Stop At, string Code)> AtVerifyAsync(Browser browser, Person person)
    {
        var at = await browser.SubmitAsync(await browser.OpenAsync(web.Ask().Url), new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        Assert.Equal("/verify", at.At);
        return (at, person.CodeAt(idp.Clock));
    }
}
