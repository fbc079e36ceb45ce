using System.Text.RegularExpressions;
using IdP.Server.Accounts;
using IdP.Server.StepUp;
using IdP.Server.Storage;
using IdP.Server.Tests.Support;
using Microsoft.Playwright;

namespace IdP.Journeys;

/// <summary>A server that mails through Postfix; what it sends is read back over IMAP.</summary>
public abstract class MailingJourneyHost(StorePair pair, string name) : IAsyncLifetime
{
    public TestIdp Idp { get; private set; } = null!;

    public MailServer Mail { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Mail = await MailServers.GetAsync();
        Idp = await TestIdp.StartAsync(pair, new TestIdpOptions { Host = name, Settings = Mail.Settings });
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Idp is not null)
            await Idp.DisposeAsync();
    }
}

public sealed class SqliteMailingJourneyHost() : MailingJourneyHost(StorePair.SqliteAndMemory, "account.localhost");

public sealed class PostgresMailingJourneyHost() : MailingJourneyHost(StorePair.PostgresAndRedis, "localhost");

/// <summary>A person's own pages in a real browser, in both languages, with a real mailbox.</summary>
public abstract partial class AccountJourneys(MailingJourneyHost host)
{
    private readonly TestIdp idp = host.Idp;

    /// <summary>J-20, J-24, J-02, J-09, J-31, J-27, J-33.</summary>
    [Theory, InlineData("en", "Authenticator app"), InlineData("zh-CN", "第三方 OTP")]
    public async Task An_OTP_app_is_bound_signs_in_is_changed_and_unbound(string language, string name)
    {
        await using var me = await StartAsync(language);
        await me.OpenAsync("/account/two-step");
        Assert.Contains(name, await me.Page.Locator("[data-factor=totp]").InnerTextAsync(), StringComparison.Ordinal);
        await BindOtpAsync(me);
        Assert.Contains(name, (await host.Mail.ReceiveAsync(me.Person.Email)).TextBody, StringComparison.Ordinal);

        await using (var elsewhere = await StartAsync(language, me.Person, signIn: false))
        {
            await elsewhere.Page.GotoAsync(idp.App(TestClient.Web).Ask().Url);
            await elsewhere.Page.GivePasswordAsync(me.Person);
            await elsewhere.Page.ArrivesAsync("/verify");
            await GiveOtpAsync(elsewhere);
            await elsewhere.LeavesAsync();
        }

        await me.OpenAsync("/account/two-step");
        await me.Page.Locator("[data-factor=totp] .thing a.button").First.ClickAsync();
        await ConfirmWithOtpAsync(me);
        await me.Page.ArrivesAsync("offer=");
        await TypeNewOtpAsync(me);
        await me.Page.ArrivesAsync("done=rebound");

        await me.Page.Locator("[data-factor=totp] .thing a.button").Last.ClickAsync();
        await ConfirmWithOtpAsync(me);
        await me.Page.ArrivesAsync("/account/two-step/unbind");
        await me.Page.Locator("button.danger").ClickAsync();
        await me.Page.ArrivesAsync("done=unbound");
        Assert.Equal("0", await me.Page.Locator("[data-factor=totp]").GetAttributeAsync("data-bound"));
    }

    /// <summary>J-22, J-06, J-30, J-26: the codes come by mail, and the mail says who, what and where.</summary>
    [Theory, InlineData("en", "Chrome"), InlineData("zh-CN", "Chrome")]
    public async Task A_backup_address_is_bound_signs_in_and_is_unbound(string language, string browser)
    {
        await using var me = await StartAsync(language);
        var address = $"backup.{me.Person.UserName}@elsewhere.example";
        await me.OpenAsync("/account/two-step/bind?factor=email");
        await ConfirmWithPasswordAsync(me);
        await me.Page.ArrivesAsync("/account/two-step/bind");
        await me.Page.Locator("input[name=said]").FillAsync(address);
        await me.Page.Locator("form button").First.ClickAsync();
        await me.Page.ArrivesAsync("offer=");
        await me.Page.Locator("input[name=code]").FillAsync(await MailedCodeAsync(address, 0));
        await me.Page.Locator("form button").First.ClickAsync();
        await me.Page.ArrivesAsync("done=bound");
        // The address is told that it was bound, and given no way to undo it.
        Assert.DoesNotContain("/not-me", (await host.Mail.ReceiveAsync(address, after: 1)).TextBody, StringComparison.Ordinal);

        await using (var elsewhere = await StartAsync(language, me.Person, signIn: false))
        {
            await elsewhere.Page.GotoAsync(idp.App(TestClient.Web).Ask().Url);
            await elsewhere.Page.GivePasswordAsync(me.Person);
            await elsewhere.Page.ArrivesAsync("/verify");
            var mail = await host.Mail.ReceiveAsync(address, after: 2);
            Assert.Contains(browser, mail.TextBody, StringComparison.Ordinal);
            await elsewhere.Page.GiveCodeAsync(Code().Match(mail.TextBody!).Value);
            await elsewhere.LeavesAsync();
        }

        await me.OpenAsync("/account/two-step");
        await me.Page.Locator("[data-factor=email] .thing a.button").Last.ClickAsync();
        await me.Page.ArrivesAsync("/account/confirm");
        await me.Page.Locator("input[name=code]").FillAsync(await MailedCodeAsync(address, 3));
        await me.Page.Locator("form button").First.ClickAsync();
        await me.Page.ArrivesAsync("/account/two-step/unbind");
        await me.Page.Locator("button.danger").ClickAsync();
        await me.Page.ArrivesAsync("done=unbound");
    }

    /// <summary>J-34, J-02: ten codes, shown once; another way is chosen with a click.</summary>
    [Theory, InlineData("en"), InlineData("zh-CN")]
    public async Task A_recovery_code_signs_in_once(string language)
    {
        await using var me = await StartAsync(language);
        await BindOtpAsync(me);
        await me.Page.Locator("[data-factor=recovery] a.button").ClickAsync();
        await ConfirmWithOtpAsync(me);
        await me.Page.ArrivesAsync("offer=");
        var code = await me.Page.Locator("#codes code").First.InnerTextAsync();
        await me.Page.Locator("button[data-act=print]").WaitForAsync();
        await me.Page.Locator("button[name=kept]").ClickAsync();
        await me.Page.ArrivesAsync("done=bound");

        foreach (var good in (bool[])[true, false])
        {
            await using var elsewhere = await StartAsync(language, me.Person, signIn: false);
            await elsewhere.Page.GotoAsync(idp.App(TestClient.Web).Ask().Url);
            await elsewhere.Page.GivePasswordAsync(me.Person);
            await elsewhere.Page.ArrivesAsync("/verify");
            await elsewhere.Page.Locator("summary").ClickAsync();
            await elsewhere.Page.Locator("button[value=recovery]").ClickAsync();
            await elsewhere.Page.Locator("[data-factor=recovery]").WaitForAsync();
            await elsewhere.Page.GiveCodeAsync(code);
            if (good)
                await elsewhere.LeavesAsync();
            else
                await elsewhere.Page.Locator("[data-problem=CodeUsed]").WaitForAsync();
        }
    }

    /// <summary>J-10, J-35: the box is ticked, the second step is skipped, the trust is taken back.</summary>
    [Theory, InlineData("en"), InlineData("zh-CN")]
    public async Task A_trusted_device_skips_the_second_step_until_it_is_removed(string language)
    {
        await using var me = await StartAsync(language);
        await BindOtpAsync(me);
        await SignOutAsync(me);
        await me.Page.GotoAsync(idp.App(TestClient.Web).Ask().Url);
        await me.Page.GivePasswordAsync(me.Person);
        await me.Page.ArrivesAsync("/verify");
        await me.Page.Locator("input[name=trust]").CheckAsync();
        await GiveOtpAsync(me);
        await me.LeavesAsync();

        await SignOutAsync(me);
        await me.Page.GotoAsync(idp.App(TestClient.Web).Ask().Url);
        await me.Page.GivePasswordAsync(me.Person);
        await me.LeavesAsync();

        await me.OpenAsync("/account/devices");
        await me.Page.Locator("[data-device] button").ClickAsync();
        // This very session was spared its second step by the device that is gone now.
        await me.Page.ArrivesAsync("/verify");
        await GiveOtpAsync(me);
        await me.Page.ArrivesAsync("done=devices");
        Assert.Equal(0, await me.Page.Locator("[data-device]").CountAsync());
    }

    /// <summary>J-36, J-37.</summary>
    [Theory, InlineData("en"), InlineData("zh-CN")]
    public async Task Sessions_are_ended_one_by_one_and_all_by_a_new_password(string language)
    {
        await using var me = await StartAsync(language);
        await using var second = await StartAsync(language, me.Person);
        await me.OpenAsync("/account/sessions");
        Assert.Equal(2, await me.Page.Locator("[data-session]").CountAsync());
        await me.Page.Locator("[data-session] button").ClickAsync();
        await me.Page.ArrivesAsync("done=session-ended");
        await second.Page.GotoAsync(idp.Issuer + "/account");
        await second.Page.ArrivesAsync("/sign-in");

        await second.Page.GivePasswordAsync(me.Person);
        await second.Page.ArrivesAsync("/account");
        await me.OpenAsync("/account/password");
        await me.Page.Locator("input[name=password]").FillAsync(me.Person.Password);
        await me.Page.Locator("input[name=newPassword]").FillAsync("nobody knows this one");
        await me.Page.Locator("input[name=again]").FillAsync("nobody knows this one");
        await me.Page.Locator("form button").First.ClickAsync();
        await me.Page.ArrivesAsync("done=password");
        await me.OpenAsync("/account/sessions");
        Assert.Equal(1, await me.Page.Locator("[data-session]").CountAsync());
        await second.Page.GotoAsync(idp.Issuer + "/account");
        await second.Page.ArrivesAsync("/sign-in");
    }

    /// <summary>J-16: the mailed link, and the second factor still.</summary>
    [Theory, InlineData("en"), InlineData("zh-CN")]
    public async Task A_forgotten_password_is_set_anew_with_the_second_factor(string language)
    {
        await using var me = await StartAsync(language);
        await BindOtpAsync(me);
        await host.Mail.ReceiveAsync(me.Person.Email);
        await using var forgetful = await StartAsync(language, me.Person, signIn: false);
        await forgetful.Page.GotoAsync(idp.App(TestClient.Web).Ask().Url);
        await forgetful.Page.Locator("a[href='/forgot']").ClickAsync();
        await forgetful.Page.Locator("input[name=userName]").FillAsync(me.Person.UserName);
        await forgetful.Page.Locator("form button").First.ClickAsync();
        await forgetful.Page.ArrivesAsync("done=asked");
        await forgetful.Page.GotoAsync(Link().Match((await host.Mail.ReceiveAsync(me.Person.Email, after: 1)).TextBody!).Value);
        Assert.Equal(0, await forgetful.Page.Locator("input[name=newPassword]").CountAsync());
        await GiveOtpAsync(forgetful, "/reset");
        await forgetful.Page.Locator("input[name=newPassword]").FillAsync("remembered from now on");
        await forgetful.Page.Locator("input[name=again]").FillAsync("remembered from now on");
        await forgetful.Page.Locator("form button").First.ClickAsync();
        await forgetful.Page.ArrivesAsync("done=yes");
        await me.Page.GotoAsync(idp.Issuer + "/account");
        await me.Page.ArrivesAsync("/sign-in");
    }

    /// <summary>J-33: the link in the mail.</summary>
    [Theory, InlineData("en"), InlineData("zh-CN")]
    public async Task This_was_not_me_makes_the_account_safe(string language)
    {
        await using var thief = await StartAsync(language);
        await BindOtpAsync(thief);
        await using var owner = await StartAsync(language, thief.Person, signIn: false);
        await owner.Page.GotoAsync(Link().Match((await host.Mail.ReceiveAsync(thief.Person.Email)).TextBody!).Value);
        await owner.Page.Locator("form button").ClickAsync();
        await owner.Page.ArrivesAsync("/reset");
        await owner.Page.Locator("input[name=newPassword]").FillAsync("mine again, for good");
        await owner.Page.Locator("input[name=again]").FillAsync("mine again, for good");
        await owner.Page.Locator("form button").First.ClickAsync();
        await owner.Page.ArrivesAsync("done=yes");
        await thief.Page.GotoAsync(idp.Issuer + "/account");
        await thief.Page.ArrivesAsync("/sign-in");
    }

    /// <summary>J-14: after the password a factor is chosen and bound inside the sign-in, then the app goes on; J-27: it cannot be unbound again.</summary>
    [Theory, InlineData("en"), InlineData("zh-CN")]
    public async Task Under_a_policy_a_factor_is_bound_before_anything_else(string language)
    {
        await using var me = await StartAsync(language, await idp.NewPersonAsync(), signIn: false);
        var group = "must-" + me.Person.UserName;
        var users = idp.Service<Users>();
        var account = (await users.FindByLoginAsync(me.Person.UserName, default))!;
        await users.UpdateAsync(account.Id, account with { Groups = [group] }, By.Tool("tests"), default);
        await idp.Service<Database>().TransactAsync(async lane =>
        {
            await idp.Service<BindingPolicyStore>().SaveAsync(lane, new BindingPolicy { Name = group, Groups = [group] }, "tests", default);
            return true;
        }, default);
        await Task.Delay(TimeSpan.FromSeconds(3.2));

        await me.Page.GotoAsync(idp.App(TestClient.Web).Ask().Url);
        await me.Page.GivePasswordAsync(me.Person);
        await me.Page.ArrivesAsync("/bind");
        await me.Page.Locator("button[value=totp]").ClickAsync();
        await me.Page.Locator("svg.qr").WaitForAsync();
        await me.Page.Locator("summary").ClickAsync();
        me.Person = me.Person with { TotpSecret = (await me.Page.Locator("#key").InnerTextAsync()).Replace(" ", "", StringComparison.Ordinal) };
        await me.Page.Locator("input[name=code]").FillAsync(me.Person.CodeAt(idp.Clock));
        await me.Page.Locator("form[action*='/bind?'] button").First.ClickAsync();
        await me.LeavesAsync();

        await me.OpenAsync("/account/two-step");
        await me.Page.Locator("[data-factor=totp] .thing a.button").Last.ClickAsync();
        await me.Page.Locator("[data-forbidden]").WaitForAsync();
    }

    /// <summary>J-15: each trouble has its own calm sentence and a way on; a reload, the back button and a second tab keep working.</summary>
    [Theory, InlineData("en"), InlineData("zh-CN")]
    public async Task Trouble_is_told_calmly_and_nothing_is_lost(string language)
    {
        await using var me = await StartAsync(language);
        await BindOtpAsync(me);
        await using var elsewhere = await StartAsync(language, me.Person, signIn: false);
        var page = elsewhere.Page;
        await page.GotoAsync(idp.App(TestClient.Web).Ask().Url);
        await page.GivePasswordAsync(me.Person with { Password = "not the right one" });
        await page.Locator("[data-problem=WrongPassword]").WaitForAsync();
        await page.GivePasswordAsync(me.Person);
        await page.ArrivesAsync("/verify");
        var there = page.Url;
        await page.GiveCodeAsync(me.Person.WrongCodeAt(idp.Clock));
        await page.Locator("[data-problem=WrongCode]").WaitForAsync();
        await page.GotoAsync(there);
        await page.ReloadAsync();
        var tab = await page.Context.NewPageAsync();
        await tab.GotoAsync(there);
        await tab.Locator("input[name=code]").WaitForAsync();
        await page.GoBackAsync();
        await page.GotoAsync(there);
        await GiveOtpAsync(elsewhere);
        await elsewhere.LeavesAsync();
    }

    private async Task<Visitor> StartAsync(string language, Person? person = null, bool signIn = true)
    {
        var context = await Chromium.PersonAsync(language);
        var visitor = new Visitor(idp, context, await context.NewPageAsync(), person ?? await idp.NewPersonAsync());
        if (!signIn)
            return visitor;
        await visitor.Page.GotoAsync(idp.Issuer + "/account");
        await visitor.Page.GivePasswordAsync(visitor.Person);
        await visitor.Page.ArrivesAsync("/account");
        Assert.StartsWith(language[..2], await visitor.Page.Locator("html").GetAttributeAsync("lang"), StringComparison.Ordinal);
        return visitor;
    }

    private async Task BindOtpAsync(Visitor me)
    {
        await me.OpenAsync("/account/two-step");
        await me.Page.Locator("[data-factor=totp] a.button").First.ClickAsync();
        await ConfirmWithPasswordAsync(me);
        await me.Page.ArrivesAsync("offer=");
        await TypeNewOtpAsync(me);
        await me.Page.ArrivesAsync("done=bound");
    }

    private async Task TypeNewOtpAsync(Visitor me)
    {
        await me.Page.Locator("summary").ClickAsync();
        me.Person = me.Person with { TotpSecret = (await me.Page.Locator("#key").InnerTextAsync()).Replace(" ", "", StringComparison.Ordinal) };
        await me.Page.Locator("input[name=code]").FillAsync(me.Person.CodeAt(idp.Clock));
        await me.Page.Locator("form button").First.ClickAsync();
    }

    private static async Task ConfirmWithPasswordAsync(Visitor me)
    {
        await me.Page.ArrivesAsync("/account/confirm");
        await me.Page.Locator("input[name=password]").FillAsync(me.Person.Password);
        await me.Page.Locator("form button").First.ClickAsync();
    }

    private async Task ConfirmWithOtpAsync(Visitor me)
    {
        await me.Page.ArrivesAsync("/account/confirm");
        await GiveOtpAsync(me, "/account/confirm");
    }

    /// <summary>As if half a minute had passed, without waiting for it.</summary>
    private async Task GiveOtpAsync(Visitor me, string form = "/verify")
    {
        var id = (await idp.Service<Users>().FindByLoginAsync(me.Person.UserName, default))!.Id;
        await idp.Service<Database>().ExecuteAsync("update factor_bindings set last_step = null where user_id = @user", default, ("@user", id));
        await me.Page.Locator("input[name=code]").FillAsync(me.Person.CodeAt(idp.Clock));
        await me.Page.Locator($"form[action*='{form}?'] button").First.ClickAsync();
    }

    private static async Task SignOutAsync(Visitor me)
    {
        await me.OpenAsync("/connect/endsession");
        await me.Page.Locator("button[value=sign-out]").ClickAsync();
        await me.Page.ArrivesAsync("/signed-out");
    }

    private async Task<string> MailedCodeAsync(string address, int after) => Code().Match((await host.Mail.ReceiveAsync(address, after)).TextBody!).Value;

    [GeneratedRegex(@"\b\d{6}\b")]
    private static partial Regex Code();

    [GeneratedRegex(@"http://\S+token=\S+")]
    private static partial Regex Link();

    private sealed class Visitor : IAsyncDisposable
    {
        private readonly TestIdp idp;
        private readonly IBrowserContext context;
        private string answered = "";

        public Visitor(TestIdp idp, IBrowserContext context, IPage page, Person person)
        {
            (this.idp, this.context, Page, Person) = (idp, context, page, person);
            // The app lives nowhere: what counts is what the browser asks it for.
            page.Request += (_, request) => answered = request.Url.Contains(".example/callback?", StringComparison.Ordinal) ? request.Url : answered;
        }

        public IPage Page { get; }

        public Person Person { get; set; }

        public async Task OpenAsync(string path)
        {
            await Page.GotoAsync(idp.Issuer + path);
            await Page.ArrivesAsync(url => url.StartsWith(idp.Issuer, StringComparison.Ordinal));
        }

        /// <summary>The browser has gone to the app, with a code.</summary>
        public async Task LeavesAsync()
        {
            // Until it shows that the app cannot be had: the next address must not get in its way.
            for (var tries = 0; tries < 300 && (answered.Length == 0 || Page.Url.StartsWith(idp.Issuer, StringComparison.Ordinal)); tries++)
                await Task.Delay(50);
            Assert.Contains("code=", answered, StringComparison.Ordinal);
            answered = "";
        }

        public ValueTask DisposeAsync() => context.DisposeAsync();
    }
}

public sealed class Account_on_SQLite_and_memory(SqliteMailingJourneyHost host) : AccountJourneys(host), IClassFixture<SqliteMailingJourneyHost>;

public sealed class Account_on_PostgreSQL_and_Redis(PostgresMailingJourneyHost host) : AccountJourneys(host), IClassFixture<PostgresMailingJourneyHost>;
