using Microsoft.Playwright;

namespace IdP.Journeys;

/// <summary>One headless Chromium for all journeys; each person gets a profile of their own.</summary>
internal static class Chromium
{
    private static readonly string[] Quiet =
        ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--no-proxy-server"];

    private static readonly Lazy<Task<IBrowser>> Started = new(async () =>
    {
        var playwright = await Playwright.CreateAsync();
        return await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Program(), Args = Quiet });
    });

    public static async Task<IBrowserContext> PersonAsync(string language = "en", ColorScheme scheme = ColorScheme.Light, int width = 1280, int height = 800, bool javaScript = true)
    {
        var context = await (await Started.Value).NewContextAsync(new()
        {
            Locale = language, ColorScheme = scheme, ViewportSize = new() { Width = width, Height = height }, JavaScriptEnabled = javaScript,
            // A colour that is still on its way to another is no colour to judge.
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout(30_000);
        return context;
    }

    /// <summary>
    /// Debian's own, without its window system where there is that: the same engine for half the work. Null lets Playwright look for the one it installed itself.
    /// </summary>
    private static string? Program() =>
        new[] { Environment.GetEnvironmentVariable("IDP_CHROMIUM"), "/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists);
}
