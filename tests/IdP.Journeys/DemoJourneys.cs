using IdP.Server.Tests.Support;
using Microsoft.Playwright;

namespace IdP.Journeys;

/// <summary>The demo, as a stranger meets it on the first evening: a true client through the front door.</summary>
public abstract class DemoJourneys(JourneyHost host)
{
    private readonly TestIdp idp = host.Idp;

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

    /// <summary>J-17: nothing is bound, and the money page is reached all the same.</summary>
    [Fact]
    public async Task A_person_without_a_second_factor_binds_one_on_the_way()
    {
        await using var context = await Chromium.PersonAsync(javaScript: false);
        var page = await context.NewPageAsync();
        var person = await idp.NewPersonAsync();
        await page.GotoAsync(Demo + "/money");
        await page.GivePasswordAsync(person);
        // The demo knows them now, by the password alone; the API wants more, and who binds types the password for it.
        await page.GivePasswordAsync(person);
        await page.ArrivesAsync("/bind");
        await page.Locator("button[name=factor][value=totp]").ClickAsync();
        var key = (await page.Locator("#key").TextContentAsync())!.Replace(" ", "", StringComparison.Ordinal);
        await page.Locator("input[name=code]").FillAsync(Otp.CodeAt(key, idp.Clock.GetUtcNow()));
        await page.Locator("form[action*='/bind?'] button").ClickAsync();
        await page.Locator("#money-ok").WaitForAsync();
    }

    /// <summary>Declined: the demo says so, and the person is signed in as before.</summary>
    [Fact]
    public async Task Who_declines_to_bind_is_back_at_the_demo()
    {
        await using var context = await Chromium.PersonAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync(Demo);
        var person = new Person(await page.Locator("#demo-newcomer").InnerTextAsync(), await page.Locator("#demo-password").InnerTextAsync());
        await page.Locator("#sign-in").ClickAsync();
        await page.GivePasswordAsync(person);
        await SignedInAsync(page, "pwd");
        await page.Locator("#money").ClickAsync();
        await page.GivePasswordAsync(person);
        await page.ArrivesAsync("/bind");
        await page.Locator("form[action*='/connect/cancel'] button").ClickAsync();
        var error = await page.Locator("[data-demo-error]").GetAttributeAsync("data-demo-error");
        Assert.StartsWith("unmet_authentication_requirements", error, StringComparison.Ordinal);
        await SignedInAsync(page, "pwd");
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

    /// <summary>The code is another one on its way: the demo asks with it, once, and is told no.</summary>
    [Fact]
    public async Task A_forged_code_signs_nobody_in()
    {
        var forged = "";
        host.Tap.Listen();
        await RefusedAsync("id_token", swap: "code", seen => forged = Forgery.Of(seen));
        var call = Assert.Single(host.Tap.Calls);
        Assert.Equal((forged, 400), (call.Code, call.Status));
        Assert.True(call.IsAboutTheCode, call.Reason);
    }

    [Fact]
    public async Task A_used_code_signs_nobody_in()
    {
        host.Tap.Listen(beFaster: true);
        await RefusedAsync("id_token");
        var call = Assert.Single(host.Tap.Calls);
        Assert.Equal((200, 400), (call.Copied, call.Status));
        Assert.True(call.IsAboutTheCode, call.Reason);
    }

    /// <summary>RFC 6749 §10.12, RFC 9207 §2.4: an answer to another request, or from another server, is not even asked about.</summary>
    [Theory]
    [InlineData("state")]
    [InlineData("iss")]
    public async Task An_answer_that_is_not_ours_is_not_redeemed(string parameter)
    {
        host.Tap.Listen();
        await RefusedAsync(parameter, swap: parameter, seen => parameter == "iss" ? Uri.EscapeDataString("https://evil.example") : Forgery.Of(seen));
        Assert.Empty(host.Tap.Calls);
    }

    [Fact]
    public async Task An_answer_that_came_twice_is_one_answer()
    {
        await using var context = await Chromium.PersonAsync();
        var page = await context.NewPageAsync();
        var callback = "";
        page.Request += (_, request) => callback = request.Url.StartsWith(Demo + "/callback?", StringComparison.Ordinal) ? request.Url : callback;
        host.Tap.Listen();
        await PlainlyAsync(page);
        await page.GotoAsync(callback);
        Assert.Equal("state", await page.Locator("[data-demo-error]").GetAttributeAsync("data-demo-error"));
        Assert.Single(host.Tap.Calls);
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

    /// <summary>A sign-in that goes wrong at the demo, which says how and knows nobody afterwards.</summary>
    private async Task RefusedAsync(string error, string? swap = null, Func<string, string>? replace = null)
    {
        await using var context = await Chromium.PersonAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync(Demo);
        await using var middle = swap is null ? null : await AnswerSwap.BetweenAsync(page, Demo + "/callback", swap, replace!);
        await page.Locator("#sign-in").ClickAsync();
        await page.GivePasswordAsync(idp.WithOtp());
        if (middle is not null)
            await middle.Swapped;
        Assert.Equal(error, await page.Locator("[data-demo-error]").GetAttributeAsync("data-demo-error"));
        Assert.Equal("no", await page.Locator("main").GetAttributeAsync("data-signed-in"));
        await page.GotoAsync(Demo);
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
public sealed class Demo_on_SQLite_and_memory(SqliteJourneyHost host) : DemoJourneys(host);

[Thorough, Collection(nameof(OnPostgres))]
public sealed class Demo_on_PostgreSQL_and_Redis(PostgresJourneyHost host) : DemoJourneys(host);
