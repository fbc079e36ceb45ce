using IdP.Server.Mail;
using IdP.Server.StepUp;
using IdP.Server.Tests.Support;
using Microsoft.Playwright;

namespace IdP.Journeys.Account;

/// <summary>A person's own pages, empty and full, all looked at.</summary>
[Collection(nameof(Looking))]
public sealed class AccountPageTests(LookingHost host)
{
    private readonly TestIdp idp = host.Idp;

    /// <summary>Somebody without a factor, who binds one, makes recovery codes, and then binds an address.</summary>
    [Theory, ClassData(typeof(Tastes))]
    public async Task Binding_is_good(string language, ColorScheme scheme, int width)
    {
        var look = new PageLook(language, scheme, width);
        var page = await look.PersonAsync();
        await using var context = page.Context;
        var owner = await idp.NewPersonAsync();
        await page.GotoAsync(idp.Issuer + "/account");
        await page.GivePasswordAsync(owner);
        await page.ArrivesAsync("/account");
        await look.AtAsync(page, "account-new");
        await look.AtAsync(page, "account-two-step-none", idp.Issuer + "/account/two-step");
        await look.AtAsync(page, "account-devices-none", idp.Issuer + "/account/devices");
        await look.AtAsync(page, "account-sessions-one", idp.Issuer + "/account/sessions");
        await page.GotoAsync(idp.Issuer + "/account/two-step");
        await page.Locator("[data-factor=totp] a.button").First.ClickAsync();
        await page.ArrivesAsync("/account/confirm");
        await look.AtAsync(page, "account-confirm-password");
        await SayAsync(page, "password", "not the right one");
        await page.Locator("[data-problem=WrongOwnPassword]").WaitForAsync();
        await look.AtAsync(page, "account-confirm-password-wrong");
        await SayAsync(page, "password", owner.Password);
        await page.ArrivesAsync("offer=");
        await look.AtAsync(page, "account-bind-totp");
        await page.Locator("summary").ClickAsync();
        await look.AtAsync(page, "account-bind-totp-key");
        owner = owner with { TotpSecret = (await page.Locator("#key").InnerTextAsync()).Replace(" ", "", StringComparison.Ordinal) };
        await SayAsync(page, "code", owner.WrongCodeAt(idp.Clock));
        await page.Locator("[data-problem=WrongCode]").WaitForAsync();
        await look.AtAsync(page, "account-bind-totp-wrong");
        await SayAsync(page, "code", owner.CodeAt(idp.Clock));
        await page.ArrivesAsync("done=bound");
        await look.AtAsync(page, "account-two-step-one");

        await page.Locator("[data-factor=recovery] a.button").ClickAsync();
        await page.ArrivesAsync("/account/confirm");
        await look.AtAsync(page, "account-confirm-code");
        await SayAsync(page, "code", owner.WrongCodeAt(idp.Clock));
        await page.Locator("[data-problem=WrongCode]").WaitForAsync();
        await look.AtAsync(page, "account-confirm-code-wrong");
        await ProveAsync(page, owner);
        await page.ArrivesAsync("offer=");
        await look.AtAsync(page, "account-recovery-codes");
        var offer = page.Url;
        await page.Locator("button[name=kept]").ClickAsync();
        await page.ArrivesAsync("done=bound");
        await look.AtAsync(page, "account-offer-over", offer);

        await page.GotoAsync(idp.Issuer + "/account/two-step/bind?factor=email");
        await ProveAsync(page, owner);
        await page.ArrivesAsync("/account/two-step/bind");
        await look.AtAsync(page, "account-bind-email");
        await SayAsync(page, "said", owner.Email);
        await page.Locator("[data-problem=Refused]").WaitForAsync();
        await look.AtAsync(page, "account-bind-email-refused");
        await SayAsync(page, "said", $"{owner.UserName}@elsewhere.example");
        await page.ArrivesAsync("offer=");
        await look.AtAsync(page, "account-bind-email-code");
        Assert.Empty(look.Complaints);
    }

    /// <summary>Somebody who has everything: factors, trusted devices, sessions, apps.</summary>
    [Theory, ClassData(typeof(Tastes))]
    public async Task Full_pages_are_good(string language, ColorScheme scheme, int width)
    {
        var look = new PageLook(language, scheme, width);
        var owner = await FactorPerson.AddAsync(idp, "totp", "email", "recovery");
        for (var others = 0; others < 2; others++)
        {
            var other = await look.PersonAsync();
            await SignInAsync(other, owner, idp.App(TestClient.Web).Ask(), trust: true);
            await other.Context.DisposeAsync();
        }

        var page = await look.PersonAsync();
        await using var context = page.Context;
        await SignInAsync(page, owner, idp.App(TestClient.Asking).Ask("openid offline_access"), trust: false);
        await page.Locator("button[value=allow]").ClickAsync();
        await page.ArrivesAsync(url => !url.StartsWith(idp.Issuer, StringComparison.Ordinal));
        await page.GotoAsync(idp.Issuer + "/account");
        await page.ArrivesAsync("/verify");
        await page.Locator("input[name=trust]").CheckAsync();
        idp.Clock.Forward(TimeSpan.FromSeconds(31));
        await page.GiveCodeAsync(owner.Person.CodeAt(idp.Clock));
        await page.ArrivesAsync("/account");

        await look.AtAsync(page, "account");
        await look.AtAsync(page, "account-two-step", idp.Issuer + "/account/two-step?done=preferred");
        await look.AtAsync(page, "account-devices", idp.Issuer + "/account/devices");
        Assert.Equal(3, await page.Locator("[data-device]").CountAsync());
        await look.AtAsync(page, "account-sessions", idp.Issuer + "/account/sessions");
        Assert.Equal((3, 1), (await page.Locator("[data-session]").CountAsync(), await page.Locator("[data-app]").CountAsync()));
        await look.AtAsync(page, "account-profile", idp.Issuer + "/account/profile");
        await page.Locator("main form button").ClickAsync();
        await page.ArrivesAsync("done=profile");
        await look.AtAsync(page, "account-profile-saved");

        await page.GotoAsync(idp.Issuer + "/account/two-step");
        await page.Locator("[data-factor=email] .thing a.button").Last.ClickAsync();
        await page.Locator("[data-factor=email] [data-unsent]").WaitForAsync();
        await look.AtAsync(page, "account-confirm-unsent");
        await page.SendCodeAsync();
        await page.Locator("summary").ClickAsync();
        await look.AtAsync(page, "account-confirm-email");
        await page.Locator("a[href*='with=recovery']").ClickAsync();
        await page.ArrivesAsync("with=recovery");
        await look.AtAsync(page, "account-confirm-recovery");
        idp.Clock.Forward(TimeSpan.FromMinutes(11));
        idp.Postbox.Instead = (_, _) => Task.FromResult<Delivery>(new Delivery.Later("away"));
        try
        {
            await page.Locator("summary").ClickAsync();
            await page.Locator("a[href*='with=email']").ClickAsync();
            await page.ArrivesAsync("with=email");
            await page.Locator("[data-send]").ClickAsync();
            await page.Locator("[data-problem=CannotAsk]").WaitForAsync();
            await look.AtAsync(page, "account-confirm-cannot-ask");
        }
        finally
        {
            idp.Postbox.Instead = null;
        }

        await page.Locator("a[href*='with=totp']").ClickAsync();
        await page.ArrivesAsync("with=totp");
        await ProveAsync(page, owner.Person);
        await page.ArrivesAsync("/account/two-step/unbind");
        await look.AtAsync(page, "account-unbind");

        await page.GotoAsync(idp.Issuer + "/account/password");
        await ProveAsync(page, owner.Person);
        await page.ArrivesAsync("/account/password");
        await look.AtAsync(page, "account-password");
        await NewPasswordAsync("an entirely new password", "another one");
        await page.Locator("[data-problem=PasswordsDiffer]").WaitForAsync();
        await look.AtAsync(page, "account-password-wrong");
        await NewPasswordAsync("an entirely new password", "an entirely new password");
        await page.ArrivesAsync("done=password");
        await look.AtAsync(page, "account-password-done");
        Assert.Empty(look.Complaints);

        async Task NewPasswordAsync(string fresh, string again)
        {
            await page.Locator("input[name=password]").FillAsync(owner.Password);
            await page.Locator("input[name=newPassword]").FillAsync(fresh);
            await SayAsync(page, "again", again);
        }
    }

    /// <summary>The last factor that an operator demands, and the last one that nobody demands.</summary>
    [Theory, ClassData(typeof(Tastes))]
    public async Task The_last_factor_is_good(string language, ColorScheme scheme, int width)
    {
        var look = new PageLook(language, scheme, width);
        var page = await look.PersonAsync();
        await using var context = page.Context;
        var owner = await FactorPerson.AddAsync(idp, "totp");
        await SignInAsync(page, owner, idp.App(TestClient.Web).Ask(), trust: false);
        await page.GotoAsync(idp.Issuer + "/account/two-step");
        await page.Locator("[data-factor=totp] .thing a.button").Last.ClickAsync();
        await ProveAsync(page, owner.Person);
        await page.ArrivesAsync("/account/two-step/unbind");
        await look.AtAsync(page, "account-unbind-last");

        await Policies.DemandAsync(idp, new BindingPolicy { Name = "fast", Groups = ["fast"] });
        await Policies.JoinsAsync(idp, owner.Person, "fast");
        await page.ReloadAsync();
        await page.Locator("[data-forbidden]").WaitForAsync();
        await look.AtAsync(page, "account-unbind-forbidden");
        Assert.Empty(look.Complaints);
    }

    private async Task SignInAsync(IPage page, FactorPerson owner, AuthorizationAsk ask, bool trust)
    {
        await page.GotoAsync(ask.Url);
        await page.GivePasswordAsync(owner.Person);
        if (ask.Client == TestClient.Asking)
        {
            await page.ArrivesAsync("/consent");
            return;
        }

        await page.ArrivesAsync("/verify");
        if (trust)
            await page.Locator("input[name=trust]").CheckAsync();
        idp.Clock.Forward(TimeSpan.FromSeconds(31));
        await page.GiveCodeAsync(owner.Person.CodeAt(idp.Clock));
        await page.ArrivesAsync(url => !url.StartsWith(idp.Issuer, StringComparison.Ordinal));
    }

    private async Task ProveAsync(IPage page, Person owner)
    {
        await page.ArrivesAsync("/account/confirm");
        idp.Clock.Forward(TimeSpan.FromSeconds(31));
        await SayAsync(page, "code", owner.CodeAt(idp.Clock));
    }

    private static async Task SayAsync(IPage page, string field, string value)
    {
        await page.Locator($"input[name={field}]").FillAsync(value);
        await page.Locator($"form:has(input[name={field}]) button").First.ClickAsync();
    }
}
