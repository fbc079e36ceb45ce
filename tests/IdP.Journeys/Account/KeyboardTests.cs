using IdP.Server.Tests.Support;
using Microsoft.Playwright;

namespace IdP.Journeys.Account;

/// <summary>Everything that a person does on their own pages, by the keyboard alone.</summary>
[Collection(nameof(Looking))]
public sealed class KeyboardTests(LookingHost host)
{
    private readonly TestIdp idp = host.Idp;

    [Fact]
    public async Task The_keyboard_alone_binds_trusts_and_takes_back()
    {
        await using var context = await Chromium.PersonAsync();
        var page = await context.NewPageAsync();
        var person = await idp.NewPersonAsync();
        await page.GotoAsync(idp.Issuer + "/account");
        await GivePasswordAsync(page, person);
        await page.ArrivesAsync("/account");

        // An authenticator app.
        await page.TabToAsync(".links a[href='/account/two-step']");
        await page.ArrivesAsync("/account/two-step");
        await page.TabToAsync("[data-factor=totp] a.button");
        await page.ArrivesAsync("/account/confirm");
        await TypeAsync(page, person.Password);
        await page.ArrivesAsync("offer=");
        await page.TabToAsync("summary", back: true);
        person = person with { TotpSecret = (await page.Locator("#key").InnerTextAsync()).Replace(" ", "", StringComparison.Ordinal) };
        await page.FocusOnAsync("input[name=code]");
        await TypeAsync(page, person.CodeAt(idp.Clock));
        await page.ArrivesAsync("done=bound");

        // Recovery codes.
        await page.TabToAsync("[data-factor=recovery] a.button");
        await GiveCodeAsync(page, person, "/account/confirm");
        await page.ArrivesAsync("offer=");
        await page.TabToAsync("button[name=kept]");
        await page.ArrivesAsync("done=bound");

        // A trusted device: given with the next code, taken back in the list.
        await page.GotoAsync(idp.Issuer + "/account");
        await page.TabToAsync("a[href='/connect/endsession']");
        await page.ArrivesAsync("/connect/endsession");
        await page.TabToAsync("button[value=sign-out]");
        await page.ArrivesAsync("/signed-out");
        await page.GotoAsync(idp.Issuer + "/account/devices");
        await GivePasswordAsync(page, person);
        await page.ArrivesAsync("/verify");
        await page.IsReadyToTypeAsync();
        idp.Clock.Forward(TimeSpan.FromSeconds(31));
        await page.Keyboard.TypeAsync(person.CodeAt(idp.Clock));
        await page.FocusOnAsync("input[name=trust]");
        await page.Keyboard.PressAsync("Space");
        await page.Keyboard.PressAsync("Enter");
        await page.ArrivesAsync("/account/devices");
        await page.TabToAsync("[data-device] button");
        await page.ArrivesAsync("done=devices");

        // And the app is unbound.
        await page.TabToAsync(".menu a[href='/account/two-step']");
        await page.ArrivesAsync("/account/two-step");
        await page.TabToAsync("[data-factor=totp] .thing a.button:last-child");
        await GiveCodeAsync(page, person, "/account/confirm");
        await page.ArrivesAsync("/account/two-step/unbind");
        await page.TabToAsync("button.danger");
        await page.ArrivesAsync("done=unbound");
        Assert.Equal("0", await page.Locator("[data-factor=totp]").GetAttributeAsync("data-bound"));
    }

    private static async Task GivePasswordAsync(IPage page, Person person)
    {
        await page.ArrivesAsync("/sign-in");
        await page.IsReadyToTypeAsync();
        await page.Keyboard.TypeAsync(person.UserName);
        await page.Keyboard.PressAsync("Tab");
        await TypeAsync(page, person.Password);
    }

    private async Task GiveCodeAsync(IPage page, Person person, string at)
    {
        await page.ArrivesAsync(at);
        await page.IsReadyToTypeAsync();
        idp.Clock.Forward(TimeSpan.FromSeconds(31));
        await TypeAsync(page, person.CodeAt(idp.Clock));
    }

    private static async Task TypeAsync(IPage page, string text)
    {
        await page.IsReadyToTypeAsync();
        await page.Keyboard.TypeAsync(text);
        await page.Keyboard.PressAsync("Enter");
    }
}
