using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Factors.RecoveryCodes;
using IdP.Server.Factors.Totp;
using IdP.Server.Mail;
using IdP.Server.Storage;
using IdP.Server.Tests.Support;
using Microsoft.Playwright;

namespace IdP.Journeys.Account;

/// <summary>What people see on their bad days, all looked at.</summary>
[Collection(nameof(Looking))]
public sealed class SeldomPageTests(LookingHost host)
{
    private readonly TestIdp idp = host.Idp;

    /// <summary>A hundred wrong codes in a row; and no factor at all that this server still knows.</summary>
    [Theory, ClassData(typeof(Tastes))]
    public async Task A_closed_way_is_good(string language, ColorScheme scheme, int width)
    {
        var look = new PageLook(language, scheme, width);
        var (several, only) = (await FactorPerson.AddAsync(idp, "totp", "email"), await FactorPerson.AddAsync(idp, "totp"));
        await StopAsync(several);
        await StopAsync(only);
        var alone = await AtVerifyAsync(look, only.Person);
        await using (alone.Context)
        {
            await SayAsync(alone, only.Person.CodeAt(idp.Clock));
            await alone.Locator("[data-problem=Stopped]").WaitForAsync();
            await look.AtAsync(alone, "verify-stopped-for-good");
        }

        var page = await AtVerifyAsync(look, several.Person);
        await using var context = page.Context;
        await SayAsync(page, several.Person.CodeAt(idp.Clock));
        await page.Locator("[data-problem=Stopped]").WaitForAsync();
        await look.AtAsync(page, "verify-stopped");
        await page.Locator("button[value=email]").ClickAsync();
        await page.Locator("main [data-factor=email]").WaitForAsync();
        await SayAsync(page, Postbox.CodeIn(idp.Postbox.Delivered.Last(mail => mail.Recipient == several.Mailbox && Postbox.HasCode(mail.Text)).Text));
        await page.ArrivesAsync(url => !url.StartsWith(idp.Issuer, StringComparison.Ordinal));
        // Proven by mail, the app is open again, for the next hundred.
        await StopAsync(several);
        // A browser that has signed this person in has tries of its own; without its cookie it is a stranger's.
        await context.ClearCookiesAsync(new() { NameRegex = new("device") });
        await page.GotoAsync(idp.Issuer + "/account/confirm?action=password&with=totp");
        await SayAsync(page, several.Person.CodeAt(idp.Clock));
        await page.Locator("[data-problem=Stopped]").WaitForAsync();
        await look.AtAsync(page, "account-confirm-stopped");

        var nobody = await idp.NewPersonAsync();
        await BindAsync(nobody, new("gone", null, [1]));
        var closed = await look.PersonAsync();
        await using (closed.Context)
        {
            await closed.GotoAsync(idp.App(TestClient.Web).Ask().Url);
            await closed.GivePasswordAsync(nobody);
            await closed.Locator("main[data-error=no_second_step]").WaitForAsync();
            await look.AtAsync(closed, "no-second-step");
        }

        Assert.Empty(look.Complaints);
    }

    [Theory, ClassData(typeof(Tastes))]
    public async Task A_factor_that_cannot_be_brought_back_is_good(string language, ColorScheme scheme, int width)
    {
        var look = new PageLook(language, scheme, width);
        var owner = await FactorPerson.AddAsync(idp, "totp");
        await idp.Service<FactorBindings>().RemoveAsync(owner.Id, (await owner.BindingAsync("totp")).Id, new By(owner.Id), default);
        var link = (await idp.Postbox.ReceiveAsync(owner.Person.Email, "/not-me?token=")).Text.Split('\n').First(line => line.Contains("/not-me?token=", StringComparison.Ordinal));
        await idp.Service<Database>().ExecuteAsync("delete from former_bindings where user_id = @user", default, ("@user", owner.Id));
        var page = await look.PersonAsync();
        await using var context = page.Context;
        await page.GotoAsync(link.Trim());
        await page.Locator("main form button").ClickAsync();
        await page.Locator("main[data-error=ask_operator]").WaitForAsync();
        await look.AtAsync(page, "ask-operator");
        Assert.Empty(look.Complaints);
    }

    /// <summary>Two recovery codes, three apps of which one has a long name, and a mail server that takes its time.</summary>
    [Theory, ClassData(typeof(Tastes))]
    public async Task Little_left_much_bound_and_slow_mail_are_good(string language, ColorScheme scheme, int width)
    {
        var look = new PageLook(language, scheme, width);
        var owner = await FactorPerson.AddAsync(idp, "totp");
        var codes = RecoveryCodeList.Of(RecoveryCodeList.Draw()[..2], idp.Service<SecretProtector>().KeyFor(RecoveryCodesFactor.KeyPurpose));
        await BindAsync(owner.Person, new("recovery", null, codes.ToBytes()));
        foreach (var name in (string[])["工作手机", "The old tablet in the kitchen drawer, for the day the phone is lost"])
            await BindAsync(owner.Person, new(TotpSecret.Factor, name, new TotpSecret(Otp.NewSecret()).ToBytes()));
        await BindAsync(owner.Person, new("email", null, System.Text.Encoding.UTF8.GetBytes(owner.Mailbox)));

        var page = await AtVerifyAsync(look, owner.Person);
        await using var context = page.Context;
        await page.Locator("[data-warning]").WaitForAsync();
        await look.AtAsync(page, "verify-few-codes");
        await SlowlyAsync(async () =>
        {
            await page.Locator("summary").ClickAsync();
            await page.Locator("button[value=email]").ClickAsync();
            await page.Locator("[data-notice]").WaitForAsync();
            Assert.Equal(1, await page.Locator("button[value=totp]").CountAsync());
            await look.AtAsync(page, "verify-mail-slow");
        });
        await page.Locator("button[value=totp]").ClickAsync();
        await page.Locator("main [data-factor=totp]").WaitForAsync();
        await SayAsync(page, owner.Person.CodeAt(idp.Clock));
        await page.ArrivesAsync(url => !url.StartsWith(idp.Issuer, StringComparison.Ordinal));

        await look.AtAsync(page, "account-two-step-much", idp.Issuer + "/account/two-step");
        Assert.Equal("3", await page.Locator("[data-factor=totp]").GetAttributeAsync("data-bound"));
        Assert.Equal(1, await page.Locator("[data-factor=recovery] .problem").CountAsync());
        await page.Locator("[data-factor=totp] .thing a.button").Last.ClickAsync();
        await GiveOtpAsync(page, owner.Person);
        await page.ArrivesAsync("/account/two-step/unbind");
        await look.AtAsync(page, "account-unbind-one-of-several");

        idp.Clock.Forward(TimeSpan.FromMinutes(11));
        await page.Locator("a.quiet").ClickAsync();
        await page.Locator("[data-factor=email] .thing a.button").First.ClickAsync();
        await page.ArrivesAsync("/account/confirm");
        await page.Locator("summary").ClickAsync();
        await page.Locator("a[href*='with=totp']").ClickAsync();
        await page.ArrivesAsync("with=totp");
        await GiveOtpAsync(page, owner.Person);
        await page.ArrivesAsync("/account/two-step/bind");
        await SlowlyAsync(async () =>
        {
            await page.Locator("input[name=said]").FillAsync($"{owner.UserName}@another.example");
            await page.Locator("form:has(input[name=said]) button").First.ClickAsync();
            await page.Locator("[data-notice]").WaitForAsync();
            await look.AtAsync(page, "account-bind-email-slow");
        });
        Assert.Empty(look.Complaints);
    }

    private async Task<IPage> AtVerifyAsync(PageLook look, Person person)
    {
        var page = await look.PersonAsync();
        await page.GotoAsync(idp.App(TestClient.Web).Ask().Url);
        await page.GivePasswordAsync(person);
        await page.ArrivesAsync("/verify");
        return page;
    }

    private Task GiveOtpAsync(IPage page, Person person)
    {
        idp.Clock.Forward(TimeSpan.FromSeconds(31));
        return SayAsync(page, person.CodeAt(idp.Clock));
    }

    private static async Task SayAsync(IPage page, string code)
    {
        await page.Locator("input[name=code]").FillAsync(code);
        await page.Locator("form:has(input[name=code]) button").First.ClickAsync();
    }

    /// <summary>The mail server answers once this has been done.</summary>
    private async Task SlowlyAsync(Func<Task> meanwhile)
    {
        var answer = new TaskCompletionSource<Delivery>(TaskCreationOptions.RunContinuationsAsynchronously);
        idp.Postbox.Instead = (_, _) => answer.Task;
        try
        {
            await meanwhile();
        }
        finally
        {
            idp.Postbox.Instead = null;
            answer.SetResult(new Delivery.Sent());
        }
    }

    private async Task BindAsync(Person person, NewBinding binding) => Assert.NotNull(await idp.Service<FactorBindings>().AddAsync(
        (await idp.Service<Users>().FindByLoginAsync(person.UserName, default))!.Id, binding, By.Tool("tests") with { SettingUp = true }, default));

    private async Task StopAsync(FactorPerson owner)
    {
        var (limits, key) = (idp.Service<GuessLimits>(), GuessLimits.FactorKey(owner.Id, "totp"));
        for (var guess = 0; await limits.TryReserveAsync(key, default) is not GuessAnswer.Stopped; guess++)
        {
            if (guess % 10 == 9)
                idp.Clock.Forward(TimeSpan.FromMinutes(10));
        }
    }
}
