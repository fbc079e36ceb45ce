using System.Net;
using System.Text.RegularExpressions;
using IdP.Server.Accounts;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;
using MimeKit;

namespace IdP.Server.Tests.Recovery;

/// <summary>A server that mails through a real mail server; what it sends is read back over IMAP.</summary>
public abstract class MailingHost(StorePair pair) : IAsyncLifetime
{
    public TestIdp Idp { get; private set; } = null!;

    public MailServer Mail { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Mail = await MailServers.GetAsync();
        Idp = await TestIdp.StartAsync(pair, new TestIdpOptions { Settings = Mail.Settings });
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Idp is not null)
            await Idp.DisposeAsync();
    }
}

public sealed class SqliteMailingHost() : MailingHost(StorePair.SqliteAndMemory);

public sealed class PostgresMailingHost() : MailingHost(StorePair.PostgresAndRedis);

/// <summary>J-16, J-33: what the owner is told, "this was not me", and the way back to a forgotten password.</summary>
public abstract partial class RecoveryTests(MailingHost host)
{
    private readonly TestIdp idp = host.Idp;

    [Fact]
    public async Task Every_change_is_told_by_mail_with_address_account_and_a_way_out()
    {
        using var owner = await NewOwnerAsync();
        await owner.BindOtpAsync();
        var mail = await host.Mail.ReceiveAsync(owner.Person.Email);
        Assert.Contains("Authenticator app", mail.TextBody, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", mail.TextBody, StringComparison.Ordinal);
        Assert.Contains(owner.Person.UserName, mail.TextBody, StringComparison.Ordinal);
        Assert.Contains("/not-me?token=", LinkIn(mail), StringComparison.Ordinal);
        Assert.NotNull(mail.HtmlBody);
    }

    [Fact]
    public async Task A_sign_in_from_a_browser_never_seen_is_told_and_the_first_one_is_not()
    {
        using var owner = await NewOwnerAsync();
        Assert.Empty(await host.Mail.InboxAsync(owner.Person.Email));
        using var elsewhere = await owner.ElsewhereAsync();
        Assert.Contains("New sign-in", (await host.Mail.ReceiveAsync(owner.Person.Email)).Subject, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Opening_the_link_does_nothing()
    {
        using var owner = await NewOwnerAsync();
        await owner.BindOtpAsync();
        var link = LinkIn(await host.Mail.ReceiveAsync(owner.Person.Email));
        using var scanner = idp.Browser();
        Assert.Equal(HttpStatusCode.OK, (await scanner.OpenAsync(link)).Status);
        Assert.Single(await owner.BindingsAsync());
        Assert.Equal("/account", (await owner.Browser.VisitAsync("/account")).At);
    }

    [Fact]
    public async Task This_was_not_me_ends_everything_takes_the_change_back_and_leads_to_a_new_password()
    {
        // Somebody who knows the password binds an app of their own.
        using var thief = await NewOwnerAsync();
        await thief.BindOtpAsync();
        var link = LinkIn(await host.Mail.ReceiveAsync(thief.Person.Email));

        using var owner = idp.Browser();
        var page = await owner.OpenAsync(link);
        var reset = await owner.SubmitAsync(page, new Dictionary<string, string>(), "/not-me");
        Assert.Equal("/reset", reset.At);
        Assert.Empty(await thief.BindingsAsync());
        Assert.Equal("/sign-in", (await thief.Browser.VisitAsync("/account")).At);
        using (var again = idp.Browser())
            Assert.Equal("/sign-in", (await idp.SignInAsync(again, idp.App(TestClient.Web).Ask(), thief.Person with { TotpSecret = null })).At);
        Assert.Equal("link_used", (await owner.OpenAsync(link)).PersonError);

        var done = await owner.SubmitAsync(reset, new Dictionary<string, string> { ["newPassword"] = "mine and nobody else's", ["again"] = "mine and nobody else's" }, "/reset");
        Assert.Contains("done=yes", done.Url.Query, StringComparison.Ordinal);
        using var browser = idp.Browser();
        Assert.NotNull((await idp.SignInAsync(browser, idp.App(TestClient.Web).Ask(), thief.Person with { Password = "mine and nobody else's", TotpSecret = null })).Answer);
    }

    [Fact]
    public async Task Of_many_who_press_it_at_once_one_is_led_on()
    {
        using var owner = await NewOwnerAsync();
        await owner.BindOtpAsync();
        var link = LinkIn(await host.Mail.ReceiveAsync(owner.Person.Email));
        using var browser = idp.Browser();
        var page = await browser.OpenAsync(link);
        var led = await Race.RunAsync(8, async _ => (await browser.SubmitAsync(page, new Dictionary<string, string>(), "/not-me")).At == "/reset");
        Assert.Single(led, true);
    }

    [Fact]
    public async Task A_forgotten_password_is_set_anew_by_mail_and_all_sessions_end()
    {
        using var owner = await NewOwnerAsync();
        using var browser = idp.Browser();
        var page = await browser.OpenAsync(await AskAsync(browser, owner.Person.UserName, owner.Person.Email));
        var done = await browser.SubmitAsync(page, NewPassword, "/reset");
        Assert.Contains("done=yes", done.Url.Query, StringComparison.Ordinal);
        Assert.Equal("/sign-in", (await owner.Browser.VisitAsync("/account")).At);
        using var fresh = idp.Browser();
        Assert.NotNull((await idp.SignInAsync(fresh, idp.App(TestClient.Web).Ask(), owner.Person with { Password = NewPassword["newPassword"] })).Answer);
    }

    [Fact]
    public async Task The_second_factor_is_asked_before_the_new_password_counts()
    {
        using var owner = await NewOwnerAsync();
        await owner.BindOtpAsync();
        await host.Mail.ReceiveAsync(owner.Person.Email);
        using var browser = idp.Browser();
        var link = await AskAsync(browser, owner.Person.UserName, owner.Person.Email, after: 1);
        var page = await browser.OpenAsync(link);
        Assert.NotNull(page.Page!.QuerySelector("input[name=code]"));
        Assert.Null(page.Page.QuerySelector("input[name=newPassword]"));

        // The form of the next step, without this one.
        var before = await PasswordChangedAsync(owner);
        await browser.PostAsync(link, [.. Browser.Fields(page.Form()), .. NewPassword]);
        Assert.Equal(before, await PasswordChangedAsync(owner));
        var wrong = await browser.SubmitAsync(page, new Dictionary<string, string> { ["code"] = owner.Person.WrongCodeAt(idp.Clock) }, "/reset");
        Assert.Equal("WrongCode", wrong.Page!.QuerySelector("[data-problem]")!.GetAttribute("data-problem"));

        // Somebody else with the link does not profit from the owner's code.
        await owner.CodeIsGoodAgainAsync();
        var proven = await browser.SubmitAsync(wrong, new Dictionary<string, string> { ["code"] = owner.Person.CodeAt(idp.Clock) }, "/reset");
        using var other = idp.Browser();
        var theirs = await other.OpenAsync(link);
        await other.PostAsync(link, [.. Browser.Fields(theirs.Form()), .. NewPassword]);
        Assert.Equal(before, await PasswordChangedAsync(owner));

        await browser.SubmitAsync(proven, NewPassword, "/reset");
        Assert.NotEqual(before, await PasswordChangedAsync(owner));
    }

    [Fact]
    public async Task Any_name_gets_the_same_answer()
    {
        using var owner = await NewOwnerAsync();
        using var browser = idp.Browser();
        List<string> answers = [];
        foreach (var name in (string[])[owner.Person.UserName, owner.Person.Email, "nobody-at-all", "\u0001\u0002", "' or 1=1 --"])
        {
            var page = await browser.VisitAsync("/forgot");
            var answer = await browser.SubmitAsync(page, new Dictionary<string, string> { ["userName"] = name }, "/forgot");
            answers.Add($"{answer.Status} {answer.Url.PathAndQuery} {answer.Page!.QuerySelector("main")!.TextContent}");
        }

        Assert.Single(answers.Distinct());
        Assert.StartsWith("OK /forgot?done=asked", answers[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_works_once_and_for_half_an_hour_and_all_of_them_end_with_the_new_password()
    {
        using var owner = await NewOwnerAsync();
        using var browser = idp.Browser();
        var first = await AskAsync(browser, owner.Person.UserName, owner.Person.Email);
        // A stranger asks for another one: the owner's is still good.
        var second = await AskAsync(browser, owner.Person.Email, owner.Person.Email, 1);
        await browser.SubmitAsync(await browser.OpenAsync(first), NewPassword, "/reset");
        Assert.Equal("link_used", (await browser.OpenAsync(first)).PersonError);
        Assert.Equal("link_used", (await browser.OpenAsync(second)).PersonError);

        using var late = await NewOwnerAsync();
        var third = await AskAsync(browser, late.Person.UserName, late.Person.Email);
        await idp.ForwardAsync(TimeSpan.FromMinutes(31));
        Assert.Equal("link_used", (await browser.OpenAsync(third)).PersonError);
    }

    [Fact]
    public async Task A_mailbox_is_not_flooded_with_links()
    {
        using var owner = await NewOwnerAsync();
        using var browser = idp.Browser();
        for (var asked = 0; asked < 6; asked++)
            await browser.SubmitAsync(await browser.VisitAsync("/forgot"), new Dictionary<string, string> { ["userName"] = owner.Person.UserName }, "/forgot");
        await host.Mail.ReceiveAsync(owner.Person.Email, after: 2);
        await Task.Delay(TimeSpan.FromSeconds(2));
        Assert.Equal(3, (await host.Mail.InboxAsync(owner.Person.Email)).Count);
    }

    [Fact]
    public async Task A_change_of_address_is_told_to_both_and_only_the_old_one_can_take_it_back()
    {
        using var owner = await NewOwnerAsync();
        var users = idp.Service<Users>();
        var person = (await users.FindByLoginAsync(owner.Person.UserName, default))!;
        var fresh = "new-" + owner.Person.Email;
        Assert.True(await users.UpdateAsync(person.Id, person with { Email = fresh, EmailVerified = false }, new By(person.Id), default));
        Assert.DoesNotContain("/not-me", (await host.Mail.ReceiveAsync(fresh)).TextBody, StringComparison.Ordinal);
        var link = LinkIn(await host.Mail.ReceiveAsync(owner.Person.Email));

        using var browser = idp.Browser();
        await browser.SubmitAsync(await browser.OpenAsync(link), new Dictionary<string, string>(), "/not-me");
        var now = (await users.FindByLoginAsync(owner.Person.UserName, default))!;
        Assert.Equal((owner.Person.Email, true), (now.Email, now.EmailVerified));
    }

    /// <summary>The old mailbox may be the very reason why the operator changed the address.</summary>
    [Fact]
    public async Task What_an_operator_changed_is_told_and_no_mail_takes_it_back()
    {
        using var owner = await NewOwnerAsync();
        var users = idp.Service<Users>();
        var person = (await users.FindByLoginAsync(owner.Person.UserName, default))!;
        var fresh = "moved-" + owner.Person.Email;
        Assert.True(await users.UpdateAsync(person.Id, person with { Email = fresh }, By.Tool("cli"), default));
        foreach (var address in (string[])[fresh, owner.Person.Email])
        {
            var mail = await host.Mail.ReceiveAsync(address);
            Assert.DoesNotContain("/not-me", mail.TextBody, StringComparison.Ordinal);
            Assert.Contains(owner.Person.UserName, mail.TextBody, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_notice_speaks_the_persons_language()
    {
        using var owner = await NewOwnerAsync();
        var users = idp.Service<Users>();
        var person = (await users.FindByLoginAsync(owner.Person.UserName, default))!;
        await users.UpdateAsync(person.Id, person with { Locale = "zh-CN" }, By.Tool("cli"), default);
        await owner.BindOtpAsync();
        Assert.Contains("第三方 OTP", (await host.Mail.ReceiveAsync(owner.Person.Email)).TextBody, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> NewPassword => new() { ["newPassword"] = "a wholly new password", ["again"] = "a wholly new password" };

    private async Task<Owner> NewOwnerAsync() => await Owner.WithoutFactorAsync(idp);

    private async Task<DateTimeOffset?> PasswordChangedAsync(Owner owner) => (await idp.Service<Users>().FindByLoginAsync(owner.Person.UserName, default))!.PasswordChangedAt;

    private async Task<string> AskAsync(Browser browser, string name, string address, int after = 0)
    {
        await browser.SubmitAsync(await browser.VisitAsync("/forgot"), new Dictionary<string, string> { ["userName"] = name }, "/forgot");
        var link = LinkIn(await host.Mail.ReceiveAsync(address, after));
        Assert.Contains("/reset?token=", link, StringComparison.Ordinal);
        return link;
    }

    private static string LinkIn(MimeMessage mail) => Link().Match(mail.TextBody ?? "").Value;

    [GeneratedRegex(@"http://\S+token=\S+")]
    private static partial Regex Link();
}

[Thorough]
public sealed class Recovery_on_SQLite_and_memory(SqliteMailingHost host) : RecoveryTests(host), IClassFixture<SqliteMailingHost>;

public sealed class Recovery_on_PostgreSQL_and_Redis(PostgresMailingHost host) : RecoveryTests(host), IClassFixture<PostgresMailingHost>;
