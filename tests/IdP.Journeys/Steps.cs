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

    public static async Task GiveCodeAsync(this IPage page, string code)
    {
        await page.Locator("input[name=code]").FillAsync(code);
        await page.Locator("form[action*='/verify?'] button").First.ClickAsync();
    }

    public static async Task ArrivesAsync(this IPage page, string urlPart) =>
        await page.WaitForURLAsync(url => url.Contains(urlPart, StringComparison.Ordinal), new() { WaitUntil = WaitUntilState.Load });

    /// <summary>By Tab to an element and Enter on it; whatever has the focus on the way shows that it has.</summary>
    public static async Task TabToAsync(this IPage page, string selector)
    {
        for (var presses = 0; presses < 20; presses++)
        {
            await page.Keyboard.PressAsync("Tab");
            Assert.NotEqual("none", await page.EvaluateAsync<string>("getComputedStyle(document.activeElement).outlineStyle"));
            if (!await page.EvaluateAsync<bool>("selector => document.activeElement.matches(selector)", selector))
                continue;
            await page.Keyboard.PressAsync("Enter");
            return;
        }

        Assert.Fail($"Tab never reaches {selector} on {page.Url}");
    }

    /// <summary>The claims a relying party shows; waits until the browser is back there.</summary>
    public static async Task<string> ClaimsAsync(this IPage page, string partyBase)
    {
        await page.WaitForURLAsync(url => url.StartsWith(partyBase, StringComparison.Ordinal) && !url.Contains("callback", StringComparison.Ordinal) && !url.Contains("signin-oidc", StringComparison.Ordinal));
        return await page.Locator("#claims").InnerTextAsync();
    }
}
