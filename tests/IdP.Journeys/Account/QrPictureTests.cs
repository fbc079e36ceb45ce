using System.Web;
using IdP.Server.Tests.Support;
using Microsoft.Playwright;

namespace IdP.Journeys.Account;

/// <summary>The picture to scan is read from the screen, as a phone's camera does, and says what the key beside it says.</summary>
[Collection(nameof(Typing))]
public sealed class QrPictureTests(TypingHost host)
{
    private static readonly string Reader = File.ReadAllText(Path.Combine(Folders.Project, "node", "node_modules", "jsqr", "dist", "jsQR.js"));

    private readonly TestIdp idp = host.Idp;

    [Theory, InlineData("en", 1280), InlineData("zh-CN", 320, Traits = [ThoroughAttribute.Name, ThoroughAttribute.Value])]
    public async Task It_says_what_the_key_says_and_whoever_scanned_it_is_bound(string language, int width)
    {
        await using var context = await Chromium.PersonAsync(language, width: width);
        var page = await context.NewPageAsync();
        var person = await idp.NewPersonAsync();
        await page.GotoAsync(idp.Issuer + "/account/two-step/bind?factor=totp");
        await page.GivePasswordAsync(person);
        await page.ArrivesAsync("/account/confirm");
        await SayAsync(page, "password", person.Password);
        await page.ArrivesAsync("offer=");

        var scanned = new Uri(await ScanAsync(page, ColorScheme.Light));
        Assert.Equal(scanned, new Uri(await ScanAsync(page, ColorScheme.Dark)));
        var said = HttpUtility.ParseQueryString(scanned.Query);
        Assert.Equal($"otpauth://totp/{said["issuer"]}:{person.UserName}", Uri.UnescapeDataString(scanned.GetLeftPart(UriPartial.Path)));
        Assert.Equal(await page.TitleAsync(), $"{(await page.TitleAsync()).Split('–')[0]}– {said["issuer"]}");
        // Whatever is not said, an app takes for six digits every thirty seconds by SHA-1.
        Assert.Equal(("6", "30", "SHA1"), (said["digits"] ?? "6", said["period"] ?? "30", said["algorithm"] ?? "SHA1"));
        await page.Locator("summary").ClickAsync();
        Assert.Equal((await page.Locator("#key").InnerTextAsync()).Replace(" ", "", StringComparison.Ordinal), said["secret"]);

        await SayAsync(page, "code", Otp.CodeAt(said["secret"]!, idp.Clock.GetUtcNow()));
        await page.ArrivesAsync("done=bound");
    }

    private static async Task SayAsync(IPage page, string field, string value)
    {
        await page.Locator($"input[name={field}]").FillAsync(value);
        await page.Locator($"form:has(input[name={field}]) button").First.ClickAsync();
    }

    /// <summary>ISO/IEC 18004 wants four modules of white on every side, on dark pages too.</summary>
    private static async Task<string> ScanAsync(IPage page, ColorScheme scheme)
    {
        await page.EmulateMediaAsync(new() { ColorScheme = scheme });
        var screen = Convert.ToBase64String(await page.Locator("svg.qr").ScreenshotAsync());
        await page.EvaluateAsync(Reader);
        var found = await page.EvaluateAsync<string[]>("""
            async screen => {
                const picture = await createImageBitmap(new Blob([Uint8Array.from(atob(screen), one => one.charCodeAt(0))]));
                const { width, height } = picture;
                const canvas = new OffscreenCanvas(width, height).getContext('2d');
                canvas.drawImage(picture, 0, 0);
                const { data } = canvas.getImageData(0, 0, width, height);
                const code = jsQR(data, width, height, { inversionAttempts: 'dontInvert' });
                if (!code)
                    return [];
                const { topLeftCorner: from, bottomRightCorner: to } = code.location;
                const zone = 4 * (to.x - from.x) / (17 + 4 * code.version);
                const stains = [];
                for (let y = Math.ceil(from.y - zone); y < to.y + zone - 1; y++)
                    for (let x = Math.ceil(from.x - zone); x < to.x + zone - 1; x++) {
                        const inside = x > from.x - 2 && x < to.x + 2 && y > from.y - 2 && y < to.y + 2;
                        const [red, green, blue] = data.slice(4 * (y * width + x));
                        if (!inside && !(Math.min(red, green, blue) > 250))
                            stains.push(`${x},${y}: ${red} ${green} ${blue}`);
                    }
                return [code.data, ...stains];
            }
            """, screen);
        Assert.True(found.Length > 0, $"There is nothing to read in the picture ({scheme}).");
        Assert.Empty(found.Skip(1));
        return found[0];
    }
}
