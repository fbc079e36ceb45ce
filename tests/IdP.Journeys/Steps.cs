using IdP.Server.Tests.Support;
using Microsoft.Playwright;

namespace IdP.Journeys;

/// <summary>What a person does on the sign-in pages.</summary>
internal static class Steps
{
    public static async Task GivePasswordAsync(this IPage page, Person person)
    {
        await page.Locator("input[name=userName]:visible").FillAsync(person.UserName);
        await page.Locator("input[name=password]").FillAsync(person.Password);
        await page.Locator("form[action*='/sign-in'] button").First.ClickAsync();
    }

    public static async Task SendCodeAsync(this IPage page)
    {
        await page.Locator("main:has([data-unsent]) [data-send]").ClickAsync();
        await page.Locator("input[name=code]").WaitForAsync();
    }

    public static async Task GiveCodeAsync(this IPage page, string code)
    {
        await page.Locator("input[name=code]").FillAsync(code);
        await page.Locator("form[action*='/verify?'] button").First.ClickAsync();
    }

    /// <summary>
    /// Waits until the browser shows a page whose address contains the text, and has loaded it. Asks again and again:
    /// a wait for the navigation's event can start just after the event, and then waits for ever.
    /// </summary>
    public static Task ArrivesAsync(this IPage page, string urlPart) =>
        page.ArrivesAsync(url => url.Contains(urlPart, StringComparison.Ordinal));

    public static async Task ArrivesAsync(this IPage page, Func<string, bool> there)
    {
        for (var tries = 0; tries < 600; tries++)
        {
            if (await AddressOfLoadedAsync(page) is { } address && there(address))
                return;
            await Task.Delay(50);
        }

        Assert.Fail($"""
            The browser never arrived; it is at {page.Url} and shows:
            {await page.Locator("body").InnerTextAsync()}
            """);
    }

    private static async Task<string?> AddressOfLoadedAsync(IPage page)
    {
        try
        {
            return await page.EvaluateAsync<string?>("document.readyState === 'complete' ? location.href : null");
        }
        catch (PlaywrightException)
        {
            // The page went away under the question: it is on its way.
            return null;
        }
    }

    /// <summary>Typing goes where the focus is: waits until a field has it.</summary>
    public static Task IsReadyToTypeAsync(this IPage page) => page.Locator("input:focus").WaitForAsync();

    /// <summary>By Tab to an element and Enter on it.</summary>
    /// <param name="back">By Shift and Tab.</param>
    public static async Task TabToAsync(this IPage page, string selector, bool back = false)
    {
        await page.FocusOnAsync(selector, back);
        await page.Keyboard.PressAsync("Enter");
    }

    /// <summary>By Tab to an element; whatever has the focus on the way shows that it has.</summary>
    public static async Task FocusOnAsync(this IPage page, string selector, bool back = false)
    {
        for (var presses = 0; presses < 40; presses++)
        {
            await page.Keyboard.PressAsync(back ? "Shift+Tab" : "Tab");
            Assert.NotEqual("none", await page.EvaluateAsync<string>("getComputedStyle(document.activeElement).outlineStyle"));
            if (await page.EvaluateAsync<bool>("selector => document.activeElement.matches(selector)", selector))
                return;
        }

        Assert.Fail($"Tab never reaches {selector} on {page.Url}");
    }

    /// <summary>The claims a relying party shows; waits until the browser is back there.</summary>
    public static async Task<string> ClaimsAsync(this IPage page, string partyBase)
    {
        await page.ArrivesAsync(url => url.StartsWith(partyBase, StringComparison.Ordinal) && !url.Contains("callback", StringComparison.Ordinal) && !url.Contains("signin-oidc", StringComparison.Ordinal));
        return await page.Locator("#claims").InnerTextAsync();
    }
}
