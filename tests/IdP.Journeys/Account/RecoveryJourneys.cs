using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using IdP.Server.Accounts;
using IdP.Server.Factors.RecoveryCodes;
using IdP.Server.Hosting;
using IdP.Server.Mail;
using IdP.Server.Recovery;
using IdP.Server.Settings;
using IdP.Server.SignIn;
using Microsoft.Playwright;

namespace IdP.Journeys.Account;

/// <summary>What an owner has for a bad day: codes on paper, a mailed link, "this was not me".</summary>
public abstract partial class RecoveryJourneys(MailingJourneyHost host) : AccountJourney(host)
{
    // One clipboard serves the whole browser.
    private static readonly SemaphoreSlim Clipboard = new(1);

    /// <summary>J-34: copied, printed and kept as a file; shown once.</summary>
    [Theory, Languages]
    public async Task Recovery_codes_are_copied_printed_and_kept_as_a_file_and_never_shown_again(string language)
    {
        await using var me = await StartAsync(language, (await BoundAsync()).Person);
        var page = me.Page;
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await page.AddInitScriptAsync("window.print = () => { document.documentElement.dataset.printed = 'yes'; };");
        var codes = await MakeCodesAsync(me);
        Assert.Equal(10, codes.Distinct().Count());
        await me.ReadsAsync(() => IdP.Server.StepUp.OfferTexts.KeepCodes);

        await Clipboard.WaitAsync();
        try
        {
            await me.PressAsync(() => SettingsTexts.Copy);
            await page.GetByText(me.Words(() => SettingsTexts.Copied)).WaitForAsync();
            Assert.Equal(codes, (await page.EvaluateAsync<string>("navigator.clipboard.readText()")).Split('\n'));
        }
        finally
        {
            Clipboard.Release();
        }

        await me.PressAsync(() => SettingsTexts.Print);
        await page.Locator("html[data-printed=yes]").WaitForAsync();
        await page.EmulateMediaAsync(new() { Media = Media.Print });
        Assert.True(await page.Locator("#codes").IsVisibleAsync());
        Assert.False(await page.Locator("button[name=kept]").IsVisibleAsync());
        await page.EmulateMediaAsync(new() { Media = Media.Screen });

        var file = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = me.Words(() => SettingsTexts.Download) }).ClickAsync());
        Assert.Equal("recovery-codes.txt", file.SuggestedFilename);
        var kept = await File.ReadAllLinesAsync((await file.PathAsync())!);
        Assert.Equal([me.Person.UserName, "", .. codes], kept);

        var there = page.Url;
        await me.PressAsync(() => SettingsTexts.Kept);
        await page.ArrivesAsync("done=bound");
        await me.ReadsAsync(() => RecoveryCodesTexts.Left(10));
        await page.GotoAsync(there);
        await me.ReadsAsync(() => SettingsTexts.OfferOver);
        Assert.Equal(0, await page.Locator("#codes").CountAsync());
    }

    /// <summary>J-34, J-02: each works once.</summary>
    [Theory, Languages]
    public async Task A_recovery_code_signs_in_once(string language)
    {
        await using var me = await StartAsync(language, (await BoundAsync()).Person);
        var code = (await MakeCodesAsync(me))[0];
        await me.PressAsync(() => SettingsTexts.Kept);
        await me.Page.ArrivesAsync("done=bound");
        foreach (var good in (bool[])[true, false])
        {
            await using var elsewhere = await StartAsync(language, me.Person, signIn: false);
            await elsewhere.SignInAsync();
            await elsewhere.Page.ArrivesAsync("/verify");
            await elsewhere.UnfoldAsync(() => SignInTexts.OtherWay);
            await elsewhere.PressAsync(() => RecoveryCodesTexts.Table.Get("Name"));
            await elsewhere.Page.Locator("[data-factor=recovery]").WaitForAsync();
            await elsewhere.ReadsAsync(() => RecoveryCodesTexts.Left(good ? 10 : 9));
            await elsewhere.Page.GiveCodeAsync(code);
            if (good)
                await elsewhere.LeavesAsync();
            else
                await elsewhere.Page.Locator("[data-problem=CodeUsed]").WaitForAsync();
        }
    }

    /// <summary>J-16: the same answer for any name, the mailed link, and the second factor still.</summary>
    [Theory, Languages]
    public async Task A_forgotten_password_is_set_anew_with_the_second_factor(string language)
    {
        await using var me = await StartAsync(language, (await BoundAsync()).Person);
        await using var forgetful = await StartAsync(language, me.Person, signIn: false);
        foreach (var name in (string[])["nobody." + me.Person.UserName, me.Person.UserName])
        {
            await forgetful.Page.GotoAsync(Idp.App(IdP.Server.Tests.Support.TestClient.Web).Ask().Url);
            await forgetful.Page.Locator("a[href='/forgot']").ClickAsync();
            await forgetful.SayAsync("userName", name);
            await forgetful.Page.ArrivesAsync("done=asked");
            await forgetful.ReadsAsync(() => RecoveryTexts.ForgotAsked);
        }

        await forgetful.Page.GotoAsync(await MailedLinkAsync(me.Person.Email));
        await forgetful.ReadsAsync(() => RecoveryTexts.ResetFactor);
        Assert.Equal(0, await forgetful.Page.Locator("input[name=newPassword]").CountAsync());
        await GiveOtpAsync(forgetful);
        await forgetful.ChooseAsync("remembered like a purple kettle");
        await forgetful.Page.ArrivesAsync("done=yes");
        await forgetful.ReadsAsync(() => RecoveryTexts.ResetDoneTitle);
        await me.Page.GotoAsync(Idp.Issuer + "/account");
        await me.Page.ArrivesAsync("/sign-in");
    }

    /// <summary>J-33: the link in the mail.</summary>
    [Theory, Languages]
    public async Task This_was_not_me_makes_the_account_safe(string language)
    {
        await using var thief = await StartAsync(language);
        await BindOtpAsync(thief);
        await using var owner = await StartAsync(language, thief.Person, signIn: false);
        await NotMeAsync(owner, await MailedLinkAsync(thief.Person.Email));
        await thief.Page.GotoAsync(Idp.Issuer + "/account");
        await thief.Page.ArrivesAsync("/sign-in");
        await owner.OpenAsync("/account");
        await owner.Page.GivePasswordAsync(owner.Person);
        await owner.Page.ArrivesAsync("/account");
        await owner.ReadsAsync(() => SettingsTexts.TwoStepOff);
    }

    /// <summary>J-33: an operator's file says another address. The new one is told, and the old one too; what an operator did no link in a mail undoes.</summary>
    [Theory, Languages]
    public async Task A_new_address_is_told_to_both_and_neither_can_undo_it(string language)
    {
        await using var me = await StartAsync(language);
        var (old, fresh) = (me.Person.Email, $"fresh.{me.Person.UserName}@example.com");
        await ApplyAsync(new { users = new[] { new { userName = me.Person.UserName, email = fresh, locale = language } } });

        var said = me.Words(() => MailTexts.Event(NoticeKind.EmailChanged, Emails.Masked(fresh)));
        foreach (var address in (string[])[old, fresh])
        {
            var mail = await Mail.ReceiveAsync(address);
            Assert.Contains(said, mail.Subject, StringComparison.Ordinal);
            Assert.Contains(said, mail.TextBody, StringComparison.Ordinal);
            Assert.DoesNotContain("/not-me?", mail.TextBody, StringComparison.Ordinal);
        }
    }

    /// <summary>J-33: the first browser of all is no news. Of another one the mail says what its owner tells it from a stranger's by.</summary>
    [Theory, Languages]
    public async Task A_sign_in_from_another_browser_is_told_with_time_and_browser(string language)
    {
        await using var me = await StartAsync(language);
        await using var elsewhere = await StartAsync(language, me.Person, signIn: false);
        var since = Idp.Clock.GetUtcNow();
        await elsewhere.SignInAsync();
        await elsewhere.LeavesAsync();

        var mail = await Mail.ReceiveAsync(me.Person.Email);
        var said = me.Words(() => MailTexts.Event(NoticeKind.NewDevice, Idp.Service<IdpOptions>().Brand.Name));
        Assert.EndsWith(said, mail.Subject, StringComparison.Ordinal);
        foreach (var body in (string[])[mail.TextBody!, WebUtility.HtmlDecode(mail.HtmlBody!)])
        {
            Assert.All([said, me.Person.UserName, me.Words(() => BrowserName.Of("Chrome/1 (X11; Linux x86_64)").ToString()), "127.0.0.1", "/not-me?token="],
                part => Assert.Contains(part, body, StringComparison.Ordinal));
            var told = DateTimeOffset.ParseExact(Minute().Match(body).Value, "yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
            Assert.InRange(told, since.AddMinutes(-1), Idp.Clock.GetUtcNow());
        }

        Assert.Single(await Mail.InboxAsync(me.Person.Email));
    }

    private async Task<IReadOnlyList<string>> MakeCodesAsync(Visitor me)
    {
        await me.OpenAsync("/account/two-step");
        await me.Page.Locator("[data-factor=recovery] a.button").ClickAsync();
        await ConfirmWithOtpAsync(me);
        await me.Page.ArrivesAsync("offer=");
        return await me.Page.Locator("#codes code").AllInnerTextsAsync();
    }

    private static async Task NotMeAsync(Visitor owner, string link)
    {
        await owner.Page.GotoAsync(link);
        await owner.ReadsAsync(() => RecoveryTexts.NotMeTitle, () => RecoveryTexts.NotMeUndo, () => RecoveryTexts.WasMe);
        await owner.PressAsync(() => RecoveryTexts.NotMeDo);
        await owner.Page.ArrivesAsync("/reset");
        await owner.ReadsAsync(() => RecoveryTexts.NotMeDone);
        await owner.ChooseAsync("mine again like a purple kettle");
        await owner.Page.ArrivesAsync("done=yes");
    }

    private async Task ApplyAsync(object document)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(document));
        var (code, output) = await Idp.CliAsync("apply", file);
        File.Delete(file);
        Assert.True(code == 0, output);
    }

    [GeneratedRegex(@"\d{4}-\d\d-\d\d \d\d:\d\d UTC")]
    private static partial Regex Minute();
}

[Collection(nameof(MailingOnSqlite))]
public sealed class Recovery_on_SQLite_and_memory(SqliteMailingJourneyHost host) : RecoveryJourneys(host);

[Collection(nameof(MailingOnPostgres))]
public sealed class Recovery_on_PostgreSQL_and_Redis(PostgresMailingJourneyHost host) : RecoveryJourneys(host);
