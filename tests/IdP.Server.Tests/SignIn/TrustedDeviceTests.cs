using System.Net;
using IdP.Protocol.Clients;
using IdP.Server.Accounts;
using IdP.Server.Recovery;
using IdP.Server.Storage;
using IdP.Server.Tests.Attacks;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>J-10 through the front door: what a trusted device spares, what it never does, and who can make use of its cookie.</summary>
public abstract partial class TrustedDeviceTests(TestIdp idp)
{
    private const string Demand = """{"id_token":{"acr":{"essential":true,"values":["mfa"]}}}""";

    public static TheoryData<string> AskedByTheApp => ["acr_values=mfa", "essential", "max_age", "prompt=login", "minimum", "silent mfa"];

    [Fact]
    public async Task The_box_skips_the_second_step_next_time_and_the_tokens_say_that_it_was_not_done()
    {
        var person = idp.WithOtp();
        using var browser = idp.Browser();
        var at = await AtVerifyAsync(browser, person);
        var box = at.Page!.QuerySelector("input[name=trust]")!;
        Assert.Equal(("checkbox", false), (box.GetAttribute("type"), box.HasAttribute("checked")));
        Assert.Contains("30 days", at.Page.QuerySelector("label.tick")!.TextContent, StringComparison.Ordinal);
        Assert.NotNull((await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = person.CodeAt(idp.Clock), ["trust"] = "yes" }, "/verify")).Answer?["code"]);

        await idp.ForwardAsync(TimeSpan.FromMinutes(1));
        Forget(browser, "idp.session");
        var id = await SignedInAsync(browser, TestClient.Web, person);
        Assert.Equal(("pwd", "pwd"), (id.Acr, string.Join(' ', id.Amr)));
        // The next app in the same session meets no page either, and silence is answered.
        Assert.NotNull((await browser.OpenAsync(idp.App(TestClient.Web).Ask().With("prompt", "none").Url)).MustAnswer()["code"]);
    }

    [Fact]
    public async Task Without_the_box_nothing_is_remembered_and_a_wrong_code_keeps_the_tick()
    {
        var person = idp.WithOtp();
        using var browser = idp.Browser();
        var at = await AtVerifyAsync(browser, person);
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = person.WrongCodeAt(idp.Clock), ["trust"] = "yes" }, "/verify");
        Assert.True(at.Page!.QuerySelector("input[name=trust]")!.HasAttribute("checked"));
        Assert.NotNull((await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = person.CodeAt(idp.Clock) }, "/verify")).Answer?["code"]);
        Assert.Null(TrustCookie(browser));
        Forget(browser, "idp.session");
        Assert.Equal("/verify", (await AtVerifyAsync(browser, person)).At);
    }

    [Theory, MemberData(nameof(AskedByTheApp))]
    public async Task What_the_app_asks_for_is_really_done(string asked)
    {
        var person = idp.WithOtp();
        using var browser = await TrustedAsync(person);
        if (asked == "silent mfa")
        {
            Forget(browser, "idp.session");
            await SignedInAsync(browser, TestClient.Web, person);
            Assert.Equal("interaction_required", (await browser.OpenAsync(idp.App(TestClient.Web).Ask().With("prompt", "none").With("acr_values", "mfa").Url)).MustAnswer()["error"]);
            return;
        }

        if (asked is not ("max_age" or "prompt=login"))
            Forget(browser, "idp.session");
        var ask = idp.App(asked == "minimum" ? TestClient.Strict : TestClient.Web).Ask();
        ask = asked switch
        {
            "acr_values=mfa" => ask.With("acr_values", "mfa"),
            "essential" => ask.With("claims", Demand),
            "max_age" => ask.With("max_age", "10"),
            "prompt=login" => ask.With("prompt", "login"),
            _ => ask,
        };
        var at = await PasswordAsync(browser, await browser.OpenAsync(ask.Url), person);
        Assert.Equal("/verify", at.At);
        // It is trusted already: there is nothing to tick.
        Assert.Null(at.Page!.QuerySelector("input[name=trust]"));
    }

    [Fact]
    public async Task A_client_that_accepts_trust_hears_when_the_factor_was_really_done()
    {
        var client = new TestClient("trusting-" + idp.Pair, "trusting-secret-of-plenty-of-characters") { Alg = "ES256", MinimumAcr = "mfa" };
        await idp.RegisterAsync(client.ToClient() with { TrustedDeviceSatisfiesAcr = true });
        var person = idp.WithOtp();
        var before = idp.Clock.GetUtcNow().ToUnixTimeSeconds();
        using var browser = await TrustedAsync(person);
        await idp.ForwardAsync(TimeSpan.FromDays(2));
        var id = await SignedInAsync(browser, client, person);
        Assert.Equal(("mfa", "pwd otp"), (id.Acr, string.Join(' ', id.Amr)));
        Assert.InRange(long.Parse(id["auth_time"]!, System.Globalization.CultureInfo.InvariantCulture), before - 1, before + 60);
        // The session itself holds no factor: who did not ask for less than it says gets no more.
        Assert.Equal("interaction_required", (await browser.OpenAsync(idp.App(TestClient.Calm).Ask().With("prompt", "none").With("acr_values", "mfa").Url)).MustAnswer()["error"]);
    }

    [Fact]
    public async Task A_copied_cookie_that_was_used_since_ends_the_device_and_all_it_brought()
    {
        var person = idp.WithOtp();
        using var owner = await TrustedAsync(person);
        using var thief = idp.Browser();
        Copy(TrustCookie(owner)!, thief);
        Forget(owner, "idp.session");
        var web = idp.App(TestClient.Web);
        var ask = web.Ask("openid offline_access");
        var tokens = (await web.RedeemAsync((await idp.SignInAsync(owner, ask, person)).MustAnswer(), ask)).MustSucceed();

        await idp.ForwardAsync(TimeSpan.FromSeconds(11));
        Assert.Equal("/verify", (await AtVerifyAsync(thief, person)).At);
        await idp.UntilAllKnowAsync();
        Assert.Equal("invalid_grant", (await web.RefreshAsync(tokens.RefreshToken)).Error);
        Assert.False(await web.IsActiveAsync(tokens.AccessToken));
        Assert.Equal("login_required", (await owner.OpenAsync(idp.App(TestClient.Calm).Ask().With("prompt", "none").Url)).MustAnswer()["error"]);
        Assert.Equal("/verify", (await AtVerifyAsync(owner, person)).At);
    }

    [Fact]
    public async Task Another_persons_cookie_opens_nothing_and_stays_good_for_its_owner()
    {
        var (alice, mallory) = (idp.WithOtp(), idp.WithOtp());
        using var owner = await TrustedAsync(alice);
        using var own = await TrustedAsync(mallory);
        using var thief = idp.Browser();
        var (theirs, mine) = (TrustCookie(owner)!, TrustCookie(own)!);
        Assert.NotEqual(theirs.Name, mine.Name);
        // Under the right name for the wrong person, and the other way round.
        thief.Cookies.Add(new Cookie(mine.Name, theirs.Value, "/", mine.Domain));
        thief.Cookies.Add(new Cookie(theirs.Name, mine.Value, "/", mine.Domain));
        Assert.Equal("/verify", (await AtVerifyAsync(thief, mallory)).At);
        Forget(thief, "idp.session");
        Assert.Equal("/verify", (await AtVerifyAsync(thief, alice)).At);
        Forget(owner, "idp.session");
        Assert.Equal("pwd", (await SignedInAsync(owner, TestClient.Web, alice)).Acr);
        Forget(own, "idp.session");
        Assert.Equal("pwd", (await SignedInAsync(own, TestClient.Web, mallory)).Acr);
    }

    [Fact]
    public async Task Two_people_share_a_browser_and_each_keeps_their_trust()
    {
        var (first, second) = (idp.WithOtp(), idp.WithOtp());
        using var browser = await TrustedAsync(first);
        Forget(browser, "idp.session");
        await TrustAsync(browser, second);
        foreach (var person in (Person[])[first, second, first])
        {
            Forget(browser, "idp.session");
            Assert.Equal("pwd", (await SignedInAsync(browser, TestClient.Web, person)).Acr);
        }
    }

    [Fact]
    public async Task A_stranger_who_uses_up_the_tries_does_not_lock_out_an_owner_with_a_trusted_device()
    {
        var person = idp.WithOtp();
        using var owner = await TrustedAsync(person);
        Forget(owner, "idp.session");
        // Somebody who knows the password uses up the codes, then anybody the passwords.
        using var stranger = idp.Browser();
        for (var guess = 0; guess < 12; guess++)
        {
            var at = await AtVerifyAsync(stranger, person);
            Assert.Equal("/verify", at.At);
            await stranger.SubmitAsync(at, new Dictionary<string, string> { ["code"] = person.WrongCodeAt(idp.Clock) }, "/verify");
        }

        for (var guess = 0; guess < 12; guess++)
            await PasswordAsync(stranger, await stranger.OpenAsync(idp.App(TestClient.Web).Ask().Url), person with { Password = "wrong-" + guess });
        var closed = await PasswordAsync(stranger, await stranger.OpenAsync(idp.App(TestClient.Web).Ask().Url), person);
        Assert.Equal("/sign-in", closed.At);

        Assert.Equal("pwd", (await SignedInAsync(owner, TestClient.Web, person)).Acr);
        await idp.ForwardAsync(TimeSpan.FromSeconds(40));
        var stepUp = await owner.OpenAsync(idp.App(TestClient.Web).Ask().With("acr_values", "mfa").Url);
        Assert.NotNull((await owner.SubmitAsync(stepUp, new Dictionary<string, string> { ["code"] = person.CodeAt(idp.Clock) }, "/verify")).Answer?["code"]);
    }

    [Fact]
    public async Task A_stranger_who_uses_up_the_tries_does_not_keep_that_owner_from_a_new_password()
    {
        var person = idp.WithOtp();
        using var owner = await TrustedAsync(person);
        using var stranger = idp.Browser();
        for (var guess = 0; guess < 12; guess++)
            await stranger.SubmitAsync(await AtVerifyAsync(stranger, person), new Dictionary<string, string> { ["code"] = person.WrongCodeAt(idp.Clock) }, "/verify");

        var id = (await idp.Service<Users>().FindByLoginAsync(person.UserName, default))!.Id;
        var token = await idp.Service<Database>().TransactAsync(lane => idp.Service<PasswordReset>().MakeAsync(lane, id, default), default);
        // Whoever holds the mailed link is no stranger either.
        using var elsewhere = idp.Browser();
        foreach (var browser in (Browser[])[elsewhere, owner])
        {
            await idp.ForwardAsync(TimeSpan.FromSeconds(40));
            var at = await browser.SubmitAsync(await browser.OpenAsync("/reset?token=" + token), new Dictionary<string, string> { ["code"] = person.CodeAt(idp.Clock) }, "/reset");
            Assert.True(at.Page!.QuerySelector("input[name=newPassword]") is not null, at.Describe());
        }
    }

    [Fact]
    public async Task Guesses_from_a_trusted_device_are_limited_like_any()
    {
        var person = idp.WithOtp();
        using var owner = await TrustedAsync(person);
        Forget(owner, "idp.session");
        for (var guess = 0; guess < 10; guess++)
            Assert.Equal("WrongPassword", Problem(await PasswordAsync(owner, await owner.OpenAsync(idp.App(TestClient.Web).Ask().Url), person with { Password = "wrong-" + guess })));
        Assert.Equal("TooManyTries", Problem(await PasswordAsync(owner, await owner.OpenAsync(idp.App(TestClient.Web).Ask().Url), person)));
    }

    /// <summary>A session that came by the password alone is not the device's; the settings are spared a step by it as any app is: it shows its secret, and gets another.</summary>
    [Fact]
    public async Task The_settings_open_for_a_trusted_device_once_its_secret_has_rotated()
    {
        var person = idp.WithOtp();
        using var browser = await TrustedAsync(person);
        Forget(browser, "idp.session");
        await SignedInAsync(browser, TestClient.Calm, person);
        var shown = TrustCookie(browser)!.Value;

        await idp.ForwardAsync(TimeSpan.FromSeconds(30));
        var at = await browser.VisitAsync("/account");
        Assert.Equal("/account", at.At);
        Assert.Contains(at.Trail, hop => hop.Url.AbsolutePath == "/connect/authorize");
        var rotated = TrustCookie(browser)!.Value;
        Assert.NotEqual(shown, rotated);
        // From here on the session is the device's, and goes straight in until it ends with it.
        Assert.DoesNotContain((await browser.VisitAsync("/account/devices")).Trail, hop => hop.Url.AbsolutePath == "/connect/authorize");
        var id = (await idp.Service<Users>().FindByLoginAsync(person.UserName, default))!.Id;
        Assert.Single((await idp.Service<Sessions>().ListAsync(id, default)).Select(line => line.Session.DeviceId).OfType<string>().Distinct());

        // A copy of the cookie from before is found out as anywhere.
        using var thief = idp.Browser();
        thief.Cookies.Add(new Cookie(TrustCookie(browser)!.Name, shown, "/", TrustCookie(browser)!.Domain));
        await idp.ForwardAsync(TimeSpan.FromSeconds(30));
        Assert.Equal("/verify", (await AtVerifyAsync(thief, person)).At);
        Assert.NotEqual("/account", (await browser.VisitAsync("/account")).At);
    }

    private static string? Problem(Stop stop) => stop.Page?.QuerySelector("[data-problem]")?.GetAttribute("data-problem");

    private async Task<Browser> TrustedAsync(Person person)
    {
        var browser = idp.Browser();
        await TrustAsync(browser, person);
        return browser;
    }

    private async Task TrustAsync(Browser browser, Person person)
    {
        var at = await AtVerifyAsync(browser, person);
        Assert.NotNull((await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = person.CodeAt(idp.Clock), ["trust"] = "yes" }, "/verify")).Answer?["code"]);
        Assert.NotNull(TrustCookie(browser));
        await idp.ForwardAsync(TimeSpan.FromSeconds(60));
    }

    private async Task<Stop> AtVerifyAsync(Browser browser, Person person) =>
        await PasswordAsync(browser, await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url), person);

    private static async Task<Stop> PasswordAsync(Browser browser, Stop at, Person person) => at.At == "/sign-in"
        ? await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in")
        : at;

    private async Task<IdToken> SignedInAsync(Browser browser, TestClient client, Person person)
    {
        var app = idp.App(client);
        var ask = app.Ask();
        var at = await PasswordAsync(browser, await browser.OpenAsync(ask.Url), person);
        return await idp.ReadAsync((await app.RedeemAsync(at.MustAnswer(), ask)).MustSucceed().IdToken, client.Id);
    }

    private Cookie? TrustCookie(Browser browser) => browser.Cookies.GetCookies(new Uri(idp.Issuer)).LastOrDefault(cookie => cookie.Name.StartsWith("idp.trust-", StringComparison.Ordinal));

    private void Forget(Browser browser, string name)
    {
        foreach (var cookie in browser.Cookies.GetCookies(new Uri(idp.Issuer)).Where(cookie => cookie.Name == name))
            cookie.Expired = true;
    }

    private static void Copy(Cookie cookie, Browser to) => to.Cookies.Add(new Cookie(cookie.Name, cookie.Value, "/", cookie.Domain));
}

[Thorough]
public sealed class TrustedDevices_on_SQLite_and_memory(SqliteAttackHost host) : TrustedDeviceTests(host.Idp), IClassFixture<SqliteAttackHost>;

public sealed class TrustedDevices_on_PostgreSQL_and_Redis(PostgresAttackHost host) : TrustedDeviceTests(host.Idp), IClassFixture<PostgresAttackHost>;
