using IdP.Server.Hosting;
using IdP.Server.Settings;
using IdP.Server.SignIn;
using IdP.Server.Tests.Support;

namespace IdP.Journeys.Account;

/// <summary>The back button, a reload and a second tab: whatever page they show is used, and leads on. Nothing is skipped, nothing happens twice.</summary>
public abstract class WayBackJourneys(MailingJourneyHost host) : AccountJourney(host)
{
    /// <summary>A page of a step that is done leads to the one that is not.</summary>
    [Theory, Languages]
    public async Task After_back_and_reload_every_step_of_a_sign_in_leads_on(string language)
    {
        await using var me = await StartAsync(language, (await BoundAsync()).Person, signIn: false);
        var (app, page) = (Idp.App(TestClient.Asking), me.Page);
        var ask = app.Ask().With("acr_values", "mfa");
        await page.GotoAsync(ask.Url);
        await page.GivePasswordAsync(me.Person with { Password = "not the right one" });
        await page.Locator("[data-problem=WrongPassword]").WaitForAsync();
        await page.ReloadAsync();
        await page.Locator("[data-problem=WrongPassword]").WaitForAsync();
        await BackToAsync(me, "/sign-in", "main:not(:has([data-problem]))");
        await page.GivePasswordAsync(me.Person);

        await page.ArrivesAsync("/verify");
        await page.ReloadAsync();
        await BackToAsync(me, "/verify");
        await page.GiveCodeAsync(me.Person.WrongCodeAt(Idp.Clock));
        await page.Locator("[data-problem=WrongCode]").WaitForAsync();
        await BackToAsync(me, "/verify", "main:not(:has([data-problem]))");
        await GiveOtpAsync(me);

        await page.ArrivesAsync("/consent");
        await page.ReloadAsync();
        await BackToAsync(me, "/consent");
        Assert.Equal(0, me.Answers);
        await me.PressAsync(() => SignInTexts.Allow);
        var code = await me.LeavesAsync();

        await me.ComesBackAsync();
        await page.Locator("main[data-error=session_expired]").WaitForAsync();
        await me.ReadsAsync(() => PageTexts.Error("session_expired").Title);
        Assert.Equal(1, me.Answers);
        var token = await app.RedeemAsync(code, ask);
        Assert.Equal("mfa", (await Idp.ReadAsync((string)token.Json!["id_token"]!, app.Client.Id)).Acr);
    }

    /// <summary>The form of a page that was left open is sent after all: each tab goes where the sign-in has got to, and the app is answered once.</summary>
    [Theory, Languages]
    public async Task Two_tabs_of_one_sign_in_meet_at_its_step_and_answer_once(string language)
    {
        await using var first = await StartAsync(language, (await BoundAsync()).Person, signIn: false);
        await first.Page.GotoAsync(Idp.App(TestClient.Web).Ask().Url);
        var second = await first.TabAsync();
        await second.Page.GotoAsync(first.Page.Url);
        await first.Page.GivePasswordAsync(first.Person);
        await first.Page.ArrivesAsync("/verify");
        // Sent to a step that is done: a wrong password is no longer looked at.
        await second.Page.GivePasswordAsync(second.Person with { Password = "not the right one" });
        await second.Page.ArrivesAsync("/verify");
        await GiveOtpAsync(second);
        await second.LeavesAsync();
        await first.Page.GiveCodeAsync(first.Person.CodeAt(Idp.Clock));
        await first.Page.Locator("main[data-error=session_expired]").WaitForAsync();
        Assert.Equal((0, 1), (first.Answers, second.Answers));
    }

    /// <summary>Another app in another tab: each sign-in asks for its own steps and answers its own app.</summary>
    [Theory, Languages]
    public async Task Two_sign_ins_in_two_tabs_end_each_at_their_own_app(string language)
    {
        await using var first = await StartAsync(language, (await BoundAsync()).Person, signIn: false);
        var second = await first.TabAsync();
        var (web, strict) = (Idp.App(TestClient.Web), Idp.App(TestClient.Strict));
        var (askWeb, askStrict) = (web.Ask().With("prompt", "login"), strict.Ask());
        await first.Page.GotoAsync(askWeb.Url);
        await second.Page.GotoAsync(askStrict.Url);
        await second.SignInAsync(askStrict);
        await second.Page.ArrivesAsync("/verify");
        await first.Page.GivePasswordAsync(first.Person);
        await first.Page.ArrivesAsync("/verify");
        await GiveOtpAsync(second);
        var codeStrict = await second.LeavesAsync();
        // This app wants its person to prove it all anew: what was done for the other does not count here.
        await first.Page.ReloadAsync();
        await first.Page.ArrivesAsync("/verify");
        Assert.Equal(0, first.Answers);
        await GiveOtpAsync(first);
        var codeWeb = await first.LeavesAsync();

        foreach (var (app, ask, code) in ((RelyingParty, AuthorizationAsk, string)[])[(web, askWeb, codeWeb), (strict, askStrict, codeStrict)])
            Assert.Equal("mfa", (await Idp.ReadAsync((string)(await app.RedeemAsync(code, ask)).Json!["id_token"]!, app.Client.Id)).Acr);
        Assert.Equal((1, 1), (first.Answers, second.Answers));
        await first.OpenAsync("/account/sessions");
        Assert.Equal(1, await first.Page.Locator("[data-session]").CountAsync());
    }

    /// <summary>J-14: out of the question for an address, and out of the picture.</summary>
    [Theory, Languages]
    public async Task After_back_and_reload_forced_binding_goes_on(string language)
    {
        await using var me = await StartAsync(language, signIn: false);
        await Policies.JoinsAsync(Idp, me.Person, MailingJourneyHost.Must);
        await me.SignInAsync();
        var page = me.Page;
        await page.ArrivesAsync("/bind");
        await page.ReloadAsync();
        await page.Locator("button[value=email]").ClickAsync();
        await page.Locator("input[name=said]").WaitForAsync();
        await page.ReloadAsync();
        await BackToAsync(me, "/bind", "button.choice");
        await page.Locator("button[value=totp]").ClickAsync();
        await page.Locator("svg.qr").WaitForAsync();
        await page.ReloadAsync();
        await BackToAsync(me, "/bind", "svg.qr");
        await TypeNewOtpAsync(me);
        await me.LeavesAsync();

        await me.ComesBackAsync();
        await page.Locator("main[data-error=session_expired]").WaitForAsync();
        await me.OpenAsync("/account/two-step");
        Assert.Equal("1", await page.Locator("[data-factor=totp]").GetAttributeAsync("data-bound"));
        Assert.Equal(1, me.Answers);
    }

    /// <summary>What is done is not done again from a page that shows how it was before.</summary>
    [Theory, Languages]
    public async Task After_back_and_reload_a_change_is_made_once(string language)
    {
        await using var me = await StartAsync(language);
        var page = me.Page;
        await BindOtpAsync(me);
        await page.ReloadAsync();
        await BackToAsync(me, "offer=");
        await me.ReadsAsync(() => SettingsTexts.OfferOver);
        await page.Locator("main a.button").First.ClickAsync();
        // What was proven for the first one is used up.
        await ConfirmWithOtpAsync(me);
        await page.ArrivesAsync("offer=");
        await page.ReloadAsync();
        await page.Locator("svg.qr").WaitForAsync();
        await me.OpenAsync("/account/two-step");
        Assert.Equal("1", await page.Locator("[data-factor=totp]").GetAttributeAsync("data-bound"));

        await page.Locator("[data-factor=totp] .thing a.button").Last.ClickAsync();
        await ConfirmWithOtpAsync(me);
        await page.ArrivesAsync("/account/two-step/unbind");
        await page.ReloadAsync();
        var other = await me.TabAsync();
        await other.Page.GotoAsync(page.Url);
        await page.Locator("button.danger").ClickAsync();
        await page.ArrivesAsync("done=unbound");
        await other.Page.Locator("button.danger").ClickAsync();
        await other.Page.Locator("main[data-error=not_found]").WaitForAsync();
        await page.GoBackAsync();
        await page.Locator("main[data-error=not_found]").WaitForAsync();
        await me.OpenAsync("/account/two-step");
        Assert.Equal("0", await page.Locator("[data-factor=totp]").GetAttributeAsync("data-bound"));
    }

    private static async Task BackToAsync(Visitor me, string urlPart, string shows = "main")
    {
        await me.Page.GoBackAsync();
        await me.Page.ArrivesAsync(urlPart);
        await me.Page.Locator(shows).First.WaitForAsync();
        Assert.Equal(0, await me.Page.Locator("main[data-error]").CountAsync());
    }
}

[Collection(nameof(MailingOnSqlite))]
public sealed class Ways_back_on_SQLite_and_memory(SqliteMailingJourneyHost host) : WayBackJourneys(host);

[Collection(nameof(MailingOnPostgres))]
public sealed class Ways_back_on_PostgreSQL_and_Redis(PostgresMailingJourneyHost host) : WayBackJourneys(host);
