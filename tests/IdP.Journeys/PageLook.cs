using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace IdP.Journeys;

/// <summary>
/// Looks at pages in one language: reachable by everybody (axe), nothing cut off from 320 px on, nothing blocked or broken in the browser's console.
/// With IDP_SCREENSHOTS set, pictures go to artifacts/.
/// </summary>
internal sealed class PageLook(string language, ColorScheme scheme, int width)
{
    private static readonly int[] Widths = [320, 1280];

    private static readonly bool TakesPictures = Environment.GetEnvironmentVariable("IDP_SCREENSHOTS") is { Length: > 0 };

    /// <summary>By default each language looks at one theme: colours do not depend on the language.</summary>
    private static readonly bool BothThemes = TakesPictures || Environment.GetEnvironmentVariable("IDP_TESTS") == "all";

    private static readonly string Axe = new BundledAxeScriptProvider().GetScript();

    private readonly List<string> complaints = [];

    /// <summary>What browsers complained about on any page of this look.</summary>
    public IReadOnlyList<string> Complaints => complaints;

    /// <summary>A person of this language and taste, in a browser of their own that is watched from now on.</summary>
    /// <param name="withheld">Part of the address of what the test keeps from this browser: its own complaint about that is expected.</param>
    public async Task<IPage> PersonAsync(string? withheld = null)
    {
        var context = await Chromium.PersonAsync(language, scheme, width);
        context.Console += (_, message) =>
        {
            // Apps live nowhere: a browser that is sent back to one says that it cannot be had.
            var expected = message.Text.Contains("the server responded with a status of", StringComparison.Ordinal)
                || message.Location.Contains(".example/", StringComparison.Ordinal)
                || (withheld is not null && message.Location.Contains(withheld, StringComparison.Ordinal));
            if (message.Type == "error" && !expected)
                complaints.Add($"{message.Page?.Url}: {message.Text}");
        };
        context.WebError += (_, error) => complaints.Add($"{error.Page?.Url}: {error.Error}");
        return await context.NewPageAsync();
    }

    public async Task AtAsync(IPage page, string name, string? url = null)
    {
        if (url is not null)
            await page.GotoAsync(url);
        Assert.StartsWith(language[..2], await page.Locator("html").GetAttributeAsync("lang"), StringComparison.Ordinal);
        var other = scheme == ColorScheme.Light ? ColorScheme.Dark : ColorScheme.Light;
        foreach (var shown in BothThemes ? (ColorScheme[])[scheme, other] : [scheme])
        {
            await page.EmulateMediaAsync(new() { ColorScheme = shown });
            // The themes differ in nothing but colours.
            var barriers = await BarriersAsync(page, coloursOnly: shown != scheme);
            Assert.True(barriers.Length == 0, $"{name} ({language}, {shown}): {string.Join("; ", barriers)}");
            if (!TakesPictures)
                continue;
            foreach (var wide in Widths)
            {
                await page.SetViewportSizeAsync(wide, 800);
                await page.ScreenshotAsync(new() { Path = Path.Combine(Folders.Artifacts, "pages", $"{name}-{language}-{shown}-{wide}.png"), FullPage = true });
            }
        }

        foreach (var wide in Widths)
        {
            await page.SetViewportSizeAsync(wide, 800);
            Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"), $"{name} is wider than {wide} px");
        }

        await page.EmulateMediaAsync(new() { ColorScheme = scheme });
        await page.SetViewportSizeAsync(width, 800);
    }

    /// <summary>In the page itself: no page here has frames, for whose sake axe's own wrapper opens another tab each time.</summary>
    private static async Task<string[]> BarriersAsync(IPage page, bool coloursOnly)
    {
        if (await page.EvaluateAsync<bool>("window.axe === undefined"))
            await page.EvaluateAsync(Axe);
        return await page.EvaluateAsync<string[]>("""
            async coloursOnly => {
                if (window.frames.length > 0)
                    return ['frames are not looked into'];
                const found = await axe.run(document, { resultTypes: ['violations'], ...(coloursOnly && { runOnly: ['color-contrast'] }) });
                return found.violations.map(v => `${v.id}: ${v.help} ${v.nodes[0].html}`);
            }
            """, coloursOnly);
    }
}

/// <summary>Both languages, each in another theme and another width first; a look sees both widths.</summary>
public sealed class Tastes : TheoryData<string, ColorScheme, int>
{
    public Tastes()
    {
        Add("en", ColorScheme.Light, 1280);
        Add("zh-CN", ColorScheme.Dark, 320);
    }
}
