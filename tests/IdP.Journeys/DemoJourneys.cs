using IdP.Server.Tests.Support;
using Microsoft.Playwright;

namespace IdP.Journeys;

/// <summary>The demo, as a stranger meets it on the first evening: a true client through the front door.</summary>
public abstract class DemoJourneys(TestIdp idp)
{
    private string Demo => idp.Issuer + "/demo";

    /// <summary>With what the demo page itself shows.</summary>
    [Fact]
    public async Task The_demo_person_signs_in_with_what_the_page_shows()
    {
        await using var context = await Chromium.PersonAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync(Demo);
        var person = new Person(await page.Locator("#demo-user").InnerTextAsync(), await page.Locator("#demo-password").InnerTextAsync());
        var code = await page.Locator("#demo-code").InnerTextAsync();
        await page.Locator("#sign-in-mfa").ClickAsync();
        await page.GivePasswordAsync(person);
        await page.ArrivesAsync("/verify");
        await page.GiveCodeAsync(code);
        await SignedInAsync(page, "mfa");
    }

    /// <summary>J-01, J-11: a plain sign-in, then the second step alone.</summary>
    [Fact]
    public async Task Step_up_asks_for_the_second_factor_only()
    {
        await using var context = await Chromium.PersonAsync();
        var page = await context.NewPageAsync();
        var person = await PlainlyAsync(page);
        await page.Locator("#step-up").ClickAsync();
        await page.ArrivesAsync("/verify");
        await page.GiveCodeAsync(person.CodeAt(idp.Clock));
        await SignedInAsync(page, "mfa");
    }

    /// <summary>J-12: silent with and without a session, in words.</summary>
    [Fact]
    public async Task Silence_tells_whether_there_is_a_session()
    {
        await using var context = await Chromium.PersonAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync(Demo);
        await page.Locator("#silent").ClickAsync();
        Assert.StartsWith("login_required", await page.Locator("[data-demo-error]").GetAttributeAsync("data-demo-error"), StringComparison.Ordinal);
        await PlainlyAsync(page);
        await page.Locator("#silent").ClickAsync();
        await SignedInAsync(page, "pwd");
    }

    /// <summary>J-13: the API refuses, the app asks for more, the API answers.</summary>
    [Fact]
    public async Task An_API_that_wants_a_second_factor_gets_it()
    {
        await using var context = await Chromium.PersonAsync();
        var page = await context.NewPageAsync();
        var person = await PlainlyAsync(page);
        await page.Locator("#money").ClickAsync();
        await page.ArrivesAsync("/verify");
        await page.GiveCodeAsync(person.CodeAt(idp.Clock));
        await page.Locator("#money-ok").WaitForAsync();
    }

    [Fact]
    public async Task Signing_out_ends_the_session_everywhere()
    {
        await using var context = await Chromium.PersonAsync();
        var page = await context.NewPageAsync();
        await PlainlyAsync(page);
        await page.Locator("#sign-out").ClickAsync();
        await page.Locator("main[data-signed-in=no]").WaitForAsync();
        await page.Locator("#silent").ClickAsync();
        Assert.StartsWith("login_required", await page.Locator("[data-demo-error]").GetAttributeAsync("data-demo-error"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sign_in_works_without_scripts()
    {
        await using var context = await Chromium.PersonAsync(javaScript: false);
        await PlainlyAsync(await context.NewPageAsync());
    }

    [Fact]
    public async Task The_keyboard_alone_is_enough()
    {
        await using var context = await Chromium.PersonAsync();
        var page = await context.NewPageAsync();
        var person = idp.WithOtp();
        await page.GotoAsync(Demo);
        await page.TabToAsync("#sign-in");
        await page.ArrivesAsync("/sign-in");
        await page.IsReadyToTypeAsync();
        await page.Keyboard.TypeAsync(person.UserName);
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync(person.Password);
        await page.Keyboard.PressAsync("Enter");
        await SignedInAsync(page, "pwd");
        await page.TabToAsync("#step-up");
        await page.ArrivesAsync("/verify");
        await page.IsReadyToTypeAsync();
        await page.Keyboard.TypeAsync(person.CodeAt(idp.Clock));
        await page.Keyboard.PressAsync("Enter");
        await SignedInAsync(page, "mfa");
        await page.TabToAsync("#sign-out");
        await page.Locator("main[data-signed-in=no]").WaitForAsync();
    }

    private async Task<Person> PlainlyAsync(IPage page)
    {
        var person = idp.WithOtp();
        await page.GotoAsync(Demo);
        await page.Locator("#sign-in").ClickAsync();
        await page.GivePasswordAsync(person);
        await SignedInAsync(page, "pwd");
        return person;
    }

    private static async Task SignedInAsync(IPage page, string acr)
    {
        await page.Locator("main[data-signed-in=yes]").WaitForAsync();
        Assert.Equal(acr, await page.Locator("#acr").InnerTextAsync());
    }
}

[Collection(nameof(OnSqlite))]
public sealed class Demo_on_SQLite_and_memory(SqliteJourneyHost host) : DemoJourneys(host.Idp);

[Collection(nameof(OnPostgres))]
public sealed class Demo_on_PostgreSQL_and_Redis(PostgresJourneyHost host) : DemoJourneys(host.Idp);
