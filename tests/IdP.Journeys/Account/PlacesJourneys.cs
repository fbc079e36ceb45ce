using IdP.Server.Hosting;
using IdP.Server.Settings;
using IdP.Server.SignIn;
using IdP.Server.Tests.Support;

namespace IdP.Journeys.Account;

/// <summary>Where a person is signed in, trusted and known: seen, and ended.</summary>
public abstract class PlacesJourneys(MailingJourneyHost host) : AccountJourney(host)
{
    /// <summary>J-10, J-35: the box is ticked, the second step is skipped, the list says where and when, the trust is taken back.</summary>
    [Theory, Languages]
    public async Task Trusted_devices_skip_the_second_step_and_are_removed_one_by_one_and_all(string language)
    {
        await using var me = await StartAsync(language, (await BoundAsync()).Person, signIn: false);
        await using var second = await StartAsync(language, me.Person, signIn: false);
        var since = Idp.Clock.GetUtcNow();
        foreach (var visitor in (Visitor[])[me, second])
        {
            await TrustAsync(visitor);
            await visitor.SignOutAsync();
            await visitor.SignInAsync();
            await visitor.LeavesAsync();
        }

        await TrustIsListedAsync(me, since, me.Words(() => BrowserName.Of("Chrome/1 (X11; Linux x86_64)").ToString()));
        // Another's, in this list: this very session goes on.
        await me.Page.Locator("[data-device]:not(:has(.state)) button").ClickAsync();
        await me.Page.ArrivesAsync("done=devices");
        await me.ReadsAsync(() => SettingsTexts.Done("devices")!);
        Assert.Equal(1, await me.Page.Locator("[data-device]").CountAsync());
        await second.Page.GotoAsync(Idp.Issuer + "/account");
        await second.Page.ArrivesAsync("/sign-in");
        await second.Page.GivePasswordAsync(second.Person);
        await second.Page.ArrivesAsync("/verify");
        await second.Page.Locator("input[name=trust]").CheckAsync();
        await GiveOtpAsync(second);
        await second.Page.ArrivesAsync("/account");

        // From a session in which the second step was really done.
        await second.OpenAsync("/account/devices");
        await second.PressAsync(() => SettingsTexts.RemoveAll);
        await second.Page.ArrivesAsync("done=devices");
        await second.ReadsAsync(() => SettingsTexts.NoDevices);
        await me.Page.GotoAsync(Idp.Issuer + "/account");
        await me.Page.ArrivesAsync("/sign-in");
        await me.Page.GivePasswordAsync(me.Person);
        await me.Page.ArrivesAsync("/verify");
    }

    /// <summary>J-35: this very session was spared its second step by the device that is gone now.</summary>
    [Theory, Languages]
    public async Task Who_removes_the_device_they_came_by_is_asked_at_once(string language)
    {
        await using var me = await StartAsync(language, (await BoundAsync()).Person, signIn: false);
        await TrustAsync(me);
        await me.SignOutAsync();
        await me.SignInAsync();
        await me.LeavesAsync();
        await me.OpenAsync("/account/devices");
        await me.Page.Locator("[data-device] button").ClickAsync();
        await me.Page.ArrivesAsync("/verify");
        await GiveOtpAsync(me);
        await me.Page.ArrivesAsync("done=devices");
        Assert.Equal(0, await me.Page.Locator("[data-device]").CountAsync());
    }

    /// <summary>J-36: one, then all others.</summary>
    [Theory, Languages]
    public async Task Sessions_are_ended_one_by_one_and_all_others(string language)
    {
        await using var second = await StartAsync(language);
        await using var third = await StartAsync(language, second.Person);
        await using var me = await StartAsync(language, second.Person);
        await me.OpenAsync("/account/sessions");
        await me.ReadsAsync(() => SettingsTexts.Sessions, () => SettingsTexts.ThisOne, () => SettingsTexts.EndOthers);
        Assert.Equal(3, await me.Page.Locator("[data-session]").CountAsync());
        // The newest comes first, and this one has no button.
        await me.Page.Locator("[data-session] button").First.ClickAsync();
        await me.Page.ArrivesAsync("done=session-ended");
        await me.ReadsAsync(() => SettingsTexts.Done("session-ended")!);
        await third.Page.GotoAsync(Idp.Issuer + "/account");
        await third.Page.ArrivesAsync("/sign-in");
        await second.Page.GotoAsync(Idp.Issuer + "/account");
        await second.Page.ArrivesAsync("/account");

        await me.PressAsync(() => SettingsTexts.EndOthers);
        await me.Page.ArrivesAsync("done=others-ended");
        await me.ReadsAsync(() => SettingsTexts.Done("others-ended")!);
        Assert.Equal(1, await me.Page.Locator("[data-session]").CountAsync());
        await second.Page.GotoAsync(Idp.Issuer + "/account");
        await second.Page.ArrivesAsync("/sign-in");
    }

    /// <summary>J-36: an app keeps access while its person is away, until it is taken back; then it has to ask again.</summary>
    [Theory, Languages]
    public async Task What_an_app_was_allowed_is_listed_and_taken_back(string language)
    {
        await using var me = await StartAsync(language);
        var app = Idp.App(TestClient.Asking);
        await me.OpenAsync("/account/sessions");
        await me.ReadsAsync(() => SettingsTexts.NoApps);
        var ask = app.Ask("openid offline_access");
        await me.Page.GotoAsync(ask.Url);
        await me.Page.ArrivesAsync("/consent");
        await me.ReadsAsync(() => SignInTexts.ConsentTitle, () => SignInTexts.ConsentText("The asking app"));
        await me.PressAsync(() => SignInTexts.Allow);
        var tokens = await app.RedeemAsync(await me.LeavesAsync(), ask);
        var refresh = (string)tokens.Json!["refresh_token"]!;
        refresh = (string)(await app.RefreshAsync(refresh)).Json!["refresh_token"]!;

        await me.OpenAsync("/account/sessions");
        await me.ReadsAsync(() => SettingsTexts.AppsAbout, () => "The asking app");
        await me.Page.Locator("[data-app=asking] button").ClickAsync();
        await me.Page.ArrivesAsync("done=app-ended");
        await me.ReadsAsync(() => SettingsTexts.Done("app-ended")!, () => SettingsTexts.NoApps);
        Assert.Equal("invalid_grant", (string?)(await app.RefreshAsync(refresh)).Json!["error"]);
        await me.Page.GotoAsync(app.Ask("openid offline_access").Url);
        await me.Page.ArrivesAsync("/consent");
    }

    /// <summary>J-37: after a second factor where one is bound; this browser goes on, every other is out.</summary>
    [Theory, Languages(false), Languages(true)]
    public async Task A_new_password_ends_every_session_but_this_one(string language, bool bound)
    {
        await using var me = await StartAsync(language, bound ? (await BoundAsync()).Person : null);
        await using var second = await StartAsync(language, me.Person);
        await me.OpenAsync("/account/password");
        if (bound)
            await ConfirmWithOtpAsync(me);
        await me.Page.Locator("input[name=newPassword]").WaitForAsync();
        await me.Page.Locator("input[name=password]").FillAsync(me.Person.Password);
        await me.ChooseAsync("nobody knows this purple kettle");
        await me.Page.ArrivesAsync("done=password");
        await me.ReadsAsync(() => SettingsTexts.Done("password")!);
        await me.OpenAsync("/account/sessions");
        Assert.Equal(1, await me.Page.Locator("[data-session]").CountAsync());
        await second.Page.GotoAsync(Idp.Issuer + "/account");
        await second.Page.ArrivesAsync("/sign-in");
        await second.Page.GivePasswordAsync(second.Person);
        await second.Page.Locator("[data-problem=WrongPassword]").WaitForAsync();
    }

    private async Task TrustAsync(Visitor visitor)
    {
        await visitor.SignInAsync();
        await visitor.Page.ArrivesAsync("/verify");
        await visitor.ReadsAsync(() => SignInTexts.TrustThis(30), () => SignInTexts.TrustHint);
        await visitor.Page.Locator("input[name=trust]").CheckAsync();
        await GiveOtpAsync(visitor);
        await visitor.LeavesAsync();
    }

    private async Task TrustIsListedAsync(Visitor me, DateTimeOffset since, string browser)
    {
        // Midnight may come while the test runs.
        string[] days = [me.Words(() => PageTexts.Day(since)), me.Words(() => PageTexts.Day(Idp.Clock.GetUtcNow()))];
        await me.OpenAsync("/account/devices");
        await me.ReadsAsync(() => SettingsTexts.DevicesLead(30), () => SettingsTexts.RemoveAll);
        var rows = await me.Page.Locator("[data-device]").AllInnerTextsAsync();
        Assert.Equal(2, rows.Count);
        Assert.All(rows, row =>
        {
            Assert.Contains(browser, row, StringComparison.Ordinal);
            Assert.Contains("127.0.0.1", row, StringComparison.Ordinal);
            Assert.Contains(days, day => row.Contains(me.Words(() => SettingsTexts.TrustedSince(day)), StringComparison.Ordinal));
            Assert.Contains(days, day => row.Contains(me.Words(() => SettingsTexts.UsedOn(day)), StringComparison.Ordinal));
        });
        Assert.Single(rows, row => row.Contains(me.Words(() => SettingsTexts.ThisOne), StringComparison.Ordinal));
    }
}

[Collection(nameof(MailingOnSqlite))]
public sealed class Places_on_SQLite_and_memory(SqliteMailingJourneyHost host) : PlacesJourneys(host);

[Collection(nameof(MailingOnPostgres))]
public sealed class Places_on_PostgreSQL_and_Redis(PostgresMailingJourneyHost host) : PlacesJourneys(host);
