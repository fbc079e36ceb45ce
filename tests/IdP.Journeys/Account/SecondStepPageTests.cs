using IdP.Server.Mail;
using IdP.Server.StepUp;
using IdP.Server.Tests.Support;
using Microsoft.Playwright;

namespace IdP.Journeys.Account;

/// <summary>The second step in each of its states, forced binding, and the way back to a forgotten password, all looked at.</summary>
[Collection(nameof(Looking))]
public sealed class SecondStepPageTests(LookingHost host)
{
    private readonly TestIdp idp = host.Idp;

    [Theory, ClassData(typeof(Tastes))]
    public async Task Every_way_to_prove_is_good(string language, ColorScheme scheme, int width)
    {
        var look = new PageLook(language, scheme, width);
        var page = await look.PersonAsync();
        await using var context = page.Context;
        var owner = await FactorPerson.AddAsync(idp, "email", "totp", "recovery");
        await page.GotoAsync(idp.App(TestClient.Web).Ask().Url);
        await page.GivePasswordAsync(owner.Person);
        await page.ArrivesAsync("/verify");
        await look.AtAsync(page, "verify-email");
        await page.Locator("summary").ClickAsync();
        await look.AtAsync(page, "verify-chooser");
        for (var tries = 0; tries < 10; tries++)
            await WrongAsync("000000");
        await WrongAsync("000000", "TooManyTries");
        await look.AtAsync(page, "verify-too-many");
        await ChooseAsync("recovery");
        await look.AtAsync(page, "verify-recovery");
        await WrongAsync("abcde-abcde");
        await look.AtAsync(page, "verify-recovery-wrong");
        await ChooseAsync("totp");
        await page.Locator("input[name=trust]").CheckAsync();
        await page.GiveCodeAsync(Otp.CodeAt(Otp.NewSecret(), idp.Clock.GetUtcNow()));
        await look.AtAsync(page, "verify-trust-wanted");

        idp.Clock.Forward(TimeSpan.FromMinutes(11));
        idp.Postbox.Instead = (_, _) => Task.FromResult<Delivery>(new Delivery.Later("away"));
        try
        {
            await ChooseAsync("email");
            await page.Locator("[data-problem=CannotAsk]").WaitForAsync();
            await look.AtAsync(page, "verify-cannot-ask");
        }
        finally
        {
            idp.Postbox.Instead = null;
        }

        Assert.Empty(look.Complaints);

        async Task WrongAsync(string code, string problem = "WrongCode")
        {
            await page.EvaluateAsync("document.querySelector('[data-problem]')?.remove()");
            await page.GiveCodeAsync(code);
            await page.Locator($"[data-problem={problem}]").WaitForAsync();
        }

        async Task ChooseAsync(string factor)
        {
            if (!await page.Locator($"button[value={factor}]").IsVisibleAsync())
                await page.Locator("summary").ClickAsync();
            await page.Locator($"button[value={factor}]").ClickAsync();
            await page.Locator($"main [data-factor={factor}]").WaitForAsync();
        }
    }

    [Theory, ClassData(typeof(Tastes))]
    public async Task Forced_binding_is_good(string language, ColorScheme scheme, int width)
    {
        var look = new PageLook(language, scheme, width);
        var page = await look.PersonAsync();
        await using var context = page.Context;
        var person = await InGroupAsync("looked-at");
        await Policies.DemandAsync(idp, new BindingPolicy { Name = "looked-at", Groups = ["looked-at"], Skips = 3 }, new BindingPolicy { Name = "not-to-be-had", Groups = ["not-to-be-had"], Factors = ["nothing"] });
        await page.GotoAsync(idp.App(TestClient.Web).Ask().Url);
        await page.GivePasswordAsync(person);
        await page.ArrivesAsync("/bind");
        await look.AtAsync(page, "bind-choices");
        await page.Locator("button[value=email]").ClickAsync();
        await look.AtAsync(page, "bind-email-ask");
        await SayAsync("said", person.Email);
        await page.Locator("[data-problem=Refused]").WaitForAsync();
        await look.AtAsync(page, "bind-email-refused");
        await SayAsync("said", $"{person.UserName}@elsewhere.example");
        await page.Locator("input[name=code]").WaitForAsync();
        await look.AtAsync(page, "bind-email-code");
        await page.Locator("form[action*='/bind/other'] button").ClickAsync();
        await page.Locator("button[value=totp]").ClickAsync();
        await page.Locator("summary").ClickAsync();
        await look.AtAsync(page, "bind-totp");
        await SayAsync("code", Otp.CodeAt(Otp.NewSecret(), idp.Clock.GetUtcNow()));
        await page.Locator("[data-problem=WrongCode]").WaitForAsync();
        await look.AtAsync(page, "bind-totp-wrong");

        var stuck = await look.PersonAsync();
        await using (stuck.Context)
        {
            await stuck.GotoAsync(idp.App(TestClient.Web).Ask().Url);
            await stuck.GivePasswordAsync(await InGroupAsync("not-to-be-had"));
            await stuck.ArrivesAsync("/bind");
            await look.AtAsync(stuck, "bind-nothing");
        }

        Assert.Empty(look.Complaints);

        async Task SayAsync(string field, string value)
        {
            await page.Locator($"input[name={field}]").FillAsync(value);
            await page.Locator($"form:has(input[name={field}]) button").First.ClickAsync();
        }
    }

    [Theory, ClassData(typeof(Tastes))]
    public async Task The_way_back_is_good(string language, ColorScheme scheme, int width)
    {
        var look = new PageLook(language, scheme, width);
        var page = await look.PersonAsync();
        await using var context = page.Context;
        var owner = await FactorPerson.AddAsync(idp, "totp", "email", "recovery");
        await look.AtAsync(page, "forgot", idp.Issuer + "/forgot");
        await page.Locator("input[name=userName]").FillAsync(" ");
        await page.Locator("form button").First.ClickAsync();
        await page.Locator("[data-problem]").WaitForAsync();
        await look.AtAsync(page, "forgot-wrong");
        await page.Locator("input[name=userName]").FillAsync(owner.UserName);
        await page.Locator("form button").First.ClickAsync();
        await page.ArrivesAsync("done=asked");
        await look.AtAsync(page, "forgot-asked");
        await look.AtAsync(page, "link-used", idp.Issuer + "/not-me?token=nothing");
        await look.AtAsync(page, "reset-factor", await LinkInAsync($"{owner.UserName}@example.com", "/reset?token="));
        await CodeAsync(Otp.CodeAt(Otp.NewSecret(), idp.Clock.GetUtcNow()));
        await page.Locator("[data-problem]").WaitForAsync();
        await page.Locator("summary").ClickAsync();
        await look.AtAsync(page, "reset-factor-wrong");
        await page.Locator("a[href*='with=email']").ClickAsync();
        await page.ArrivesAsync("with=email");
        await look.AtAsync(page, "reset-email-unsent");
        await page.SendCodeAsync();
        await look.AtAsync(page, "reset-email");
        await page.Locator("summary").ClickAsync();
        await page.Locator("a[href*='with=totp']").ClickAsync();
        await page.ArrivesAsync("with=totp");
        await CodeAsync(owner.Person.CodeAt(idp.Clock));
        await page.Locator("input[name=newPassword]").WaitForAsync();
        await look.AtAsync(page, "reset");
        await ChooseAsync("an entirely new password", "remembered wrong");
        await page.Locator("[data-problem=PasswordsDiffer]").WaitForAsync();
        await look.AtAsync(page, "reset-wrong");
        await ChooseAsync("an entirely new password", "an entirely new password");
        await page.ArrivesAsync("done=yes");
        await look.AtAsync(page, "reset-done");

        await look.AtAsync(page, "not-me", await LinkInAsync($"{owner.UserName}@example.com", "/not-me?token="));
        await page.Locator("form button").ClickAsync();
        await page.ArrivesAsync("/reset");
        await look.AtAsync(page, "reset-after-not-me");
        await look.AtAsync(page, "demo-mail-full", idp.Issuer + "/demo/mail");
        Assert.Empty(look.Complaints);

        async Task CodeAsync(string code)
        {
            await page.Locator("input[name=code]").FillAsync(code);
            await page.Locator("form:has(input[name=code]) button").First.ClickAsync();
        }

        async Task ChooseAsync(string password, string again)
        {
            await page.Locator("input[name=newPassword]").FillAsync(password);
            await page.Locator("input[name=again]").FillAsync(again);
            await page.Locator("form button").First.ClickAsync();
        }
    }

    private async Task<Person> InGroupAsync(string group)
    {
        var person = await idp.NewPersonAsync();
        await Policies.JoinsAsync(idp, person, group);
        return person;
    }

    private async Task<string> LinkInAsync(string recipient, string part)
    {
        for (var tries = 0; tries < 100; tries++, await Task.Delay(50))
        {
            var mail = idp.Postbox.Delivered.LastOrDefault(mail => mail.Recipient == recipient && mail.Text.Contains(part, StringComparison.Ordinal));
            if (mail?.Text.Split('\n').FirstOrDefault(line => line.Contains(part, StringComparison.Ordinal)) is { } line)
                return line.Trim();
        }

        throw new InvalidOperationException($"No mail with {part} came to {recipient}.");
    }
}
