using IdP.Server.Tests.Support;
using Microsoft.Playwright;

namespace IdP.Journeys;

/// <summary>A server with a face of its operator's own.</summary>
public sealed class BrandHost : IAsyncLifetime
{
    internal const string Name = "Söhne & <Töchter> 品牌";

    // It paints itself, and tries to do more.
    internal const string Drawing = """
        <svg xmlns="http://www.w3.org/2000/svg" width="120" height="30"><rect width="120" height="30" fill="#e60012"/><script>document.documentElement.setAttribute("data-ran", "yes")</script></svg>
        """;

    private readonly string logo = Path.Combine(Directory.CreateTempSubdirectory("idp-brand-").FullName, "our logo.svg");

    public TestIdp Idp { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(logo, Drawing);
        Idp = await TestIdp.StartAsync(StorePair.SqliteAndMemory, new TestIdpOptions
        {
            Environment = "Development",
            Host = "brand.localhost",
            Seed = new Seed(otpPeople: 1, plainPeople: 0),
            Settings = new Dictionary<string, string> { ["Brand:Name"] = Name, ["Brand:Logo"] = logo, ["Brand:Accent"] = "#e60012", ["Brand:AccentDark"] = "#ffd400" },
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (Idp is not null)
            await Idp.DisposeAsync();
        Directory.Delete(Path.GetDirectoryName(logo)!, recursive: true);
    }
}

/// <summary>An operator's own name, logo and colours, in a real browser that holds the pages to their content security policy.</summary>
public sealed class BrandTests(BrandHost host) : IClassFixture<BrandHost>
{
    private readonly TestIdp idp = host.Idp;

    [Theory]
    [InlineData("en", ColorScheme.Light, "rgb(230, 0, 18)")]
    [InlineData("zh-CN", ColorScheme.Dark, "rgb(255, 212, 0)")]
    public async Task Name_logo_and_colours_are_on_every_kind_of_page(string language, ColorScheme scheme, string accent)
    {
        var look = new PageLook(language, scheme, 1280);
        var page = await look.PersonAsync();
        await using var context = page.Context;

        await page.GotoAsync(idp.Issuer + "/connect/authorize?client_id=nobody");
        await ShowsAsync(page);
        await page.GotoAsync(idp.Issuer + "/forgot");
        await ShowsAsync(page, accent);
        await page.GotoAsync(idp.Issuer + "/account");
        await ShowsAsync(page, accent);
        await page.GotoAsync(idp.App(TestClient.Web).Ask().Url);
        await ShowsAsync(page, accent);
        await page.GivePasswordAsync(idp.Seed.WithOtp[0]);
        await page.ArrivesAsync("/verify");
        await ShowsAsync(page, accent);
        Assert.Empty(look.Complaints);
    }

    /// <summary>Opened on its own an SVG is a document of this origin: it may do nothing there.</summary>
    [Fact]
    public async Task A_logo_opened_by_itself_runs_nothing()
    {
        await using var context = await Chromium.PersonAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync(idp.Issuer + "/");
        var address = await page.Locator("header.brand img").GetAttributeAsync("src");
        var answer = await page.GotoAsync(idp.Issuer + address);
        Assert.Equal((200, "image/svg+xml"), (answer!.Status, answer.Headers["content-type"]));
        Assert.Equal(BrandHost.Drawing, await answer.TextAsync());
        Assert.Equal("svg", await page.EvaluateAsync<string>("document.documentElement.localName"));
        Assert.Null(await page.EvaluateAsync<string?>("document.documentElement.getAttribute('data-ran')"));
    }

    /// <param name="accent">Of the page's button, where it has one.</param>
    private static async Task ShowsAsync(IPage page, string? accent = null)
    {
        Assert.EndsWith(" – " + BrandHost.Name, await page.TitleAsync(), StringComparison.Ordinal);
        var picture = page.Locator("header.brand img");
        Assert.Equal(BrandHost.Name, await picture.GetAttributeAsync("alt"));
        Assert.Equal(120, await picture.EvaluateAsync<int>("async picture => (await picture.decode(), picture.naturalWidth)"));
        if (accent is not null)
            Assert.Equal(accent, await page.Locator("main form button:not(.second)").First.EvaluateAsync<string>("button => getComputedStyle(button).backgroundColor"));
    }
}
