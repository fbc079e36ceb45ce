using System.Globalization;
using System.Text.RegularExpressions;
using IdP.Server.Accounts;
using IdP.Server.Factors.BackupEmail;
using IdP.Server.Factors.RecoveryCodes;
using IdP.Server.Factors.Totp;
using IdP.Server.Hosting;
using IdP.Server.Mail;
using IdP.Server.Settings;
using IdP.Server.SignIn;
using IdP.Server.StepUp;

namespace IdP.Journeys.Account;

/// <summary>Second factors are bound, used, changed and unbound by the person themselves.</summary>
public abstract partial class BindingJourneys(MailingJourneyHost host) : AccountJourney(host)
{
    /// <summary>J-20, J-24, J-09, J-31, J-27, J-33.</summary>
    [Theory, Languages]
    public async Task An_OTP_app_is_bound_signs_in_is_changed_and_unbound(string language)
    {
        await using var me = await StartAsync(language);
        await me.OpenAsync("/account/two-step");
        await me.ReadsAsync(() => SettingsTexts.TwoStep, () => SettingsTexts.NotBound, () => SettingsTexts.MailClientHint, () => SettingsTexts.BindAnotherFirst);
        foreach (var factor in (Texts[])[TotpTexts.Table, BackupEmailTexts.Table, RecoveryCodesTexts.Table])
            await me.ReadsAsync(() => factor.Get("Name"), () => factor.Get("About"));
        await BindOtpAsync(me);
        await me.ReadsAsync(() => SettingsTexts.Done("bound", TotpTexts.Table.Get("Name"))!, () => SettingsTexts.Bound, () => SettingsTexts.Modify, () => SettingsTexts.Unbind);
        Assert.Contains(me.Words(() => MailTexts.Event(NoticeKind.FactorBound, TotpTexts.Table.Get("Name"))), (await Mail.ReceiveAsync(me.Person.Email)).TextBody, StringComparison.Ordinal);

        await using (var elsewhere = await StartAsync(language, me.Person, signIn: false))
        {
            await elsewhere.SignInAsync();
            await elsewhere.Page.ArrivesAsync("/verify");
            await elsewhere.ReadsAsync(() => SignInTexts.VerifyTitle, () => TotpTexts.Table.Get("Instruction"));
            await GiveOtpAsync(elsewhere);
            await elsewhere.LeavesAsync();
        }

        await me.OpenAsync("/account/two-step");
        await me.Page.Locator("[data-factor=totp] .thing a.button").First.ClickAsync();
        await ConfirmWithOtpAsync(me);
        await me.Page.ArrivesAsync("offer=");
        await TypeNewOtpAsync(me);
        await me.Page.ArrivesAsync("done=rebound");
        await me.ReadsAsync(() => SettingsTexts.Done("rebound", TotpTexts.Table.Get("Name"))!);

        await me.Page.Locator("[data-factor=totp] .thing a.button").Last.ClickAsync();
        await ConfirmWithOtpAsync(me);
        await me.Page.ArrivesAsync("/account/two-step/unbind");
        await me.ReadsAsync(() => SettingsTexts.UnbindLast);
        await me.Page.Locator("button.danger").ClickAsync();
        await me.Page.ArrivesAsync("done=unbound");
        Assert.Equal("0", await me.Page.Locator("[data-factor=totp]").GetAttributeAsync("data-bound"));
    }

    /// <summary>J-22, J-06, J-26: the codes come by mail, the address is shown masked, another code is sent after a minute and not before.</summary>
    [Theory, Languages]
    public async Task A_backup_address_is_bound_signs_in_and_is_unbound(string language)
    {
        await using var me = await StartAsync(language);
        var address = $"backup.{me.Person.UserName}@elsewhere.example";
        await BindAddressAsync(me, address);
        TenMinutesPass();

        await using (var elsewhere = await StartAsync(language, me.Person, signIn: false))
        {
            await elsewhere.SignInAsync();
            await elsewhere.Page.ArrivesAsync("/verify");
            await elsewhere.ReadsAsync(() => PromptTexts.CodeSentTo(Emails.Masked(address)));
            var mail = await CodeMailAsync(address, after: 1);
            Assert.Contains("Chrome", mail.TextBody, StringComparison.Ordinal);
            Assert.Contains(elsewhere.Words(() => MailTexts.SignInTo("The web app")), mail.TextBody, StringComparison.Ordinal);
            var first = await MailedCodeAsync(address, after: 1);

            // Too early: the page says how long it takes, and its button waits.
            var there = elsewhere.Page.Url;
            var wait = elsewhere.Page.Locator("form[action*='/verify/again'] .hint");
            Assert.InRange(WaitIn(await wait.InnerTextAsync()), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
            Assert.True(await elsewhere.Page.Locator("[data-send]").IsDisabledAsync());
            Idp.Clock.Forward(TimeSpan.FromSeconds(61));
            await elsewhere.Page.GotoAsync(there);
            Assert.Equal(0, await wait.CountAsync());
            await elsewhere.PressAsync(() => SignInTexts.SendAgain);
            var second = await MailedCodeAsync(address, after: 2);
            Assert.Equal(3, await CodeMailsAsync(address));
            if (first != second)
            {
                await elsewhere.Page.GiveCodeAsync(first);
                await elsewhere.Page.Locator("[data-problem=WrongCode]").WaitForAsync();
            }

            await elsewhere.Page.GiveCodeAsync(second);
            await elsewhere.LeavesAsync();
        }

        TenMinutesPass();
        await me.OpenAsync("/account/two-step");
        await me.ReadsAsync(() => Emails.Masked(address));
        await me.Page.Locator("[data-factor=email] .thing a.button").Last.ClickAsync();
        await me.Page.ArrivesAsync("/account/confirm");
        await me.SendCodeAsync();
        await me.SayAsync("code", await MailedCodeAsync(address, after: 3));
        await me.Page.ArrivesAsync("/account/two-step/unbind");
        await me.Page.Locator("button.danger").ClickAsync();
        await me.Page.ArrivesAsync("done=unbound");
        await me.ReadsAsync(() => SettingsTexts.Done("unbound-last", BackupEmailTexts.Table.Get("Name"))!);
    }

    /// <summary>J-30: a proof with the old address, the new one - and the old one works until a code has come back from there.</summary>
    [Theory, Languages]
    public async Task A_backup_address_is_changed_and_works_until_the_new_one_is_proven(string language)
    {
        await using var me = await StartAsync(language);
        var (old, fresh) = ($"old.{me.Person.UserName}@elsewhere.example", $"new.{me.Person.UserName}@elsewhere.example");
        await BindAddressAsync(me, old);
        TenMinutesPass();

        await me.OpenAsync("/account/two-step");
        await me.Page.Locator("[data-factor=email] .thing a.button").First.ClickAsync();
        await me.Page.ArrivesAsync("/account/confirm");
        await me.ReadsAsync(() => SettingsTexts.ToRebind(BackupEmailTexts.Table.Get("Name")), () => PromptTexts.WillSendTo(Emails.Masked(old)));
        await me.SendCodeAsync();
        await me.ReadsAsync(() => PromptTexts.CodeSentTo(Emails.Masked(old)));
        await me.SayAsync("code", await MailedCodeAsync(old, after: 1));
        await me.Page.ArrivesAsync("/account/two-step/bind");
        await me.SayAsync("said", fresh);
        await me.Page.ArrivesAsync("offer=");
        await me.ReadsAsync(() => PromptTexts.CodeSentTo(fresh), () => PromptTexts.Change);
        var proof = await MailedCodeAsync(fresh, after: 0);
        await using (var elsewhere = await StartAsync(language, me.Person, signIn: false))
        {
            await elsewhere.SignInAsync();
            await elsewhere.Page.ArrivesAsync("/verify");
            await elsewhere.Page.GiveCodeAsync(await MailedCodeAsync(old, after: 2));
            await elsewhere.LeavesAsync();
        }

        await me.SayAsync("code", proof);
        await me.Page.ArrivesAsync("done=rebound");
        await me.ReadsAsync(() => SettingsTexts.Done("rebound", BackupEmailTexts.Table.Get("Name"))!, () => Emails.Masked(fresh));
        Assert.DoesNotContain(Emails.Masked(old), await me.Page.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
        TenMinutesPass();
        await using (var elsewhere = await StartAsync(language, me.Person, signIn: false))
        {
            await elsewhere.SignInAsync();
            await elsewhere.Page.ArrivesAsync("/verify");
            await elsewhere.Page.GiveCodeAsync(await MailedCodeAsync(fresh, after: 1));
            await elsewhere.LeavesAsync();
        }

        Assert.Equal(3, await CodeMailsAsync(old));
    }

    /// <summary>J-14: after the password a factor is chosen and bound inside the sign-in, then the app goes on; J-27: it cannot be unbound again.</summary>
    [Theory, Languages]
    public async Task Under_a_policy_a_factor_is_bound_before_anything_else(string language)
    {
        await using var me = await StartAsync(language, signIn: false);
        await Policies.JoinsAsync(Idp, me.Person, MailingJourneyHost.Must);
        await me.SignInAsync();
        await me.Page.ArrivesAsync("/bind");
        await me.ReadsAsync(() => SignInTexts.BindTitle, () => SignInTexts.BindText);
        Assert.Equal(0, await me.Page.Locator("form[action*='/bind/skip']").CountAsync());
        await me.Page.Locator("button[value=totp]").ClickAsync();
        await TypeNewOtpAsync(me);
        await me.LeavesAsync();

        await me.OpenAsync("/account/two-step");
        await me.Page.Locator("[data-factor=totp] .thing a.button").Last.ClickAsync();
        await me.Page.Locator("[data-forbidden]").WaitForAsync();
        await me.ReadsAsync(() => SettingsTexts.UnbindForbidden);
    }

    /// <summary>J-14: put off once, then the other factor is chosen; a change of mind on the way loses nothing.</summary>
    [Theory, Languages]
    public async Task Under_a_policy_with_a_skip_it_is_put_off_once_and_then_an_address_is_bound(string language)
    {
        await using var me = await StartAsync(language, signIn: false);
        await Policies.JoinsAsync(Idp, me.Person, MailingJourneyHost.Later);
        await me.SignInAsync();
        await me.Page.ArrivesAsync("/bind");
        await me.ReadsAsync(() => SignInTexts.BindSkipsLeft(1));
        await me.PressAsync(() => SignInTexts.BindSkip);
        await me.LeavesAsync();

        var address = $"backup.{me.Person.UserName}@elsewhere.example";
        await using var again = await StartAsync(language, me.Person, signIn: false);
        await again.SignInAsync();
        await again.Page.ArrivesAsync("/bind");
        Assert.Equal(0, await again.Page.Locator("form[action*='/bind/skip']").CountAsync());
        await again.Page.Locator("button[value=totp]").ClickAsync();
        await again.Page.Locator("svg.qr").WaitForAsync();
        await again.PressAsync(() => SignInTexts.BindOther);
        await again.Page.Locator("button[value=email]").ClickAsync();
        await again.ReadsAsync(() => BackupEmailTexts.Table.Get("Ask"), () => BackupEmailTexts.Table.Get("AskHelp"));
        await again.SayAsync("said", again.Person.Email);
        await again.ReadsAsync(() => BackupEmailTexts.Table.Get("OwnAddress"));
        await again.SayAsync("said", address);
        await again.Page.Locator("input[name=code]").WaitForAsync();
        await again.SayAsync("code", await MailedCodeAsync(address, after: 0));
        await again.LeavesAsync();
    }

    private async Task BindAddressAsync(Visitor me, string address)
    {
        await me.OpenAsync("/account/two-step/bind?factor=email");
        await ConfirmWithPasswordAsync(me);
        await me.Page.ArrivesAsync("/account/two-step/bind");
        await me.SayAsync("said", address);
        await me.Page.ArrivesAsync("offer=");
        await me.SayAsync("code", await MailedCodeAsync(address, after: 0));
        await me.Page.ArrivesAsync("done=bound");
    }

    /// <summary>"0:59" in a sentence.</summary>
    private static TimeSpan WaitIn(string text) => TimeSpan.ParseExact(Clock().Match(text).Value, @"m\:ss", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\d+:\d\d")]
    private static partial Regex Clock();
}

[Collection(nameof(MailingOnSqlite))]
public sealed class Binding_on_SQLite_and_memory(SqliteMailingJourneyHost host) : BindingJourneys(host);

[Collection(nameof(MailingOnPostgres))]
public sealed class Binding_on_PostgreSQL_and_Redis(PostgresMailingJourneyHost host) : BindingJourneys(host);
