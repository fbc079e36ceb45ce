using IdP.Server.Accounts;
using IdP.Server.Factors.BackupEmail;
using IdP.Server.Factors.Totp;
using IdP.Server.Settings;
using IdP.Server.SignIn;
using IdP.Server.StepUp;
using Microsoft.Playwright;

namespace IdP.Journeys.Account;

/// <summary>J-02: the way that a person is asked first, and 更换验证方式 wherever something is to be proven.</summary>
public abstract class ChoosingJourneys(MailingJourneyHost host) : AccountJourney(host)
{
    [Theory, Languages]
    public async Task The_way_used_last_comes_first_until_another_is_chosen_for_good(string language)
    {
        var owner = await BoundAsync("email");
        await using (var first = await StartAsync(language, owner.Person, signIn: false))
        {
            await first.SignInAsync();
            await first.Page.Locator("[data-factor=totp]").WaitForAsync();
            await first.UnfoldAsync(() => SignInTexts.OtherWay);
            await first.PressAsync(() => BackupEmailTexts.Table.Get("Name"));
            await first.Page.Locator("[data-factor=email]").WaitForAsync();
            // A reload, a second tab: the same question, and no further mail.
            await first.Page.ReloadAsync();
            await first.Page.GiveCodeAsync(await MailedCodeAsync(owner.Mailbox, after: 0));
            await first.LeavesAsync();
        }

        // A node remembers an account for three seconds; no person is so quick.
        Idp.Service<Users>().Forget(owner.Id);
        await using (var second = await StartAsync(language, owner.Person, signIn: false))
        {
            await second.SignInAsync();
            await second.Page.Locator("main [data-factor=email]").WaitForAsync();
            await second.Page.GiveCodeAsync(await MailedCodeAsync(owner.Mailbox, after: 1));
            await second.LeavesAsync();
            await second.OpenAsync("/account/two-step");
            await second.ReadsAsync(() => SettingsTexts.AskFirst);
            await second.Page.Locator("select[name=factor]").SelectOptionAsync("totp");
            await second.PressAsync(() => SettingsTexts.Save);
            await second.Page.ArrivesAsync("done=preferred");
            await second.ReadsAsync(() => SettingsTexts.Done("preferred", TotpTexts.Table.Get("Name"))!);
        }

        await using var third = await StartAsync(language, owner.Person, signIn: false);
        await third.SignInAsync();
        await third.Page.Locator("main [data-factor=totp]").WaitForAsync();
        await GiveOtpAsync(third);
        await third.LeavesAsync();
        Assert.Equal(2, await CodeMailsAsync(owner.Mailbox));
    }

    /// <summary>Another bound factor proves as well as the one that the change concerns.</summary>
    [Theory, Languages]
    public async Task A_change_is_confirmed_in_another_way(string language)
    {
        var owner = await BoundAsync("email");
        await using var me = await StartAsync(language, owner.Person);
        await me.OpenAsync("/account/two-step");
        await me.Page.Locator("[data-factor=totp] .thing a.button").Last.ClickAsync();
        await me.Page.ArrivesAsync("/account/confirm");
        await me.Page.Locator("main [data-factor=totp]").WaitForAsync();
        await ChooseAddressAsync(me);
        await me.Page.ArrivesAsync("with=email");
        await me.SendCodeAsync();
        await me.ReadsAsync(() => PromptTexts.CodeSentTo(Emails.Masked(owner.Mailbox)));
        await me.SayAsync("code", await MailedCodeAsync(owner.Mailbox, after: 0));
        await me.Page.ArrivesAsync("/account/two-step/unbind");
        await me.ReadsAsync(() => SettingsTexts.UnbindText);
    }

    [Theory, Languages]
    public async Task A_forgotten_password_is_set_anew_in_another_way(string language)
    {
        var owner = await BoundAsync("email");
        await using var me = await StartAsync(language, owner.Person, signIn: false);
        await me.OpenAsync("/forgot");
        await me.SayAsync("userName", me.Person.UserName);
        await me.Page.GotoAsync(await MailedLinkAsync(me.Person.Email));
        await me.Page.Locator("main [data-factor=totp]").WaitForAsync();
        await ChooseAddressAsync(me);
        await me.Page.ArrivesAsync("with=email");
        await me.SendCodeAsync();
        await me.SayAsync("code", await MailedCodeAsync(owner.Mailbox, after: 0));
        await me.Page.Locator("input[name=newPassword]").WaitForAsync();
        await me.ChooseAsync("remembered like a purple kettle");
        await me.Page.ArrivesAsync("done=yes");
    }

    private static async Task ChooseAddressAsync(Visitor me)
    {
        await me.UnfoldAsync(() => SignInTexts.OtherWay);
        await me.Page.GetByRole(AriaRole.Link, new() { Name = me.Words(() => BackupEmailTexts.Table.Get("Name")), Exact = true }).ClickAsync();
    }
}

[Collection(nameof(MailingOnSqlite))]
public sealed class Choosing_on_SQLite_and_memory(SqliteMailingJourneyHost host) : ChoosingJourneys(host);

[Collection(nameof(MailingOnPostgres))]
public sealed class Choosing_on_PostgreSQL_and_Redis(PostgresMailingJourneyHost host) : ChoosingJourneys(host);
