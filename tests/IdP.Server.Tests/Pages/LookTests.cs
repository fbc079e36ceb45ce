using System.IO.Compression;
using System.Text.RegularExpressions;
using IdP.Server.Hosting;

namespace IdP.Server.Tests.Pages;

/// <summary>The style sheet's promises: small, readable in both themes, and deaf to injected colours.</summary>
public sealed partial class LookTests
{
    private const double Text = 4.5;
    private const double Edge = 3.0;
    private const int LargestStyleSheet = 10_240;

    public static TheoryData<string> ThemesDrawn => [Themes.Light, Themes.Dark];

    [Fact]
    public void The_style_sheet_stays_small()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        using (var sheet = Resource("assets/site.css"))
            sheet.CopyTo(gzip);
        Assert.InRange(packed.Length, 500, LargestStyleSheet);
    }

    [Theory, MemberData(nameof(ThemesDrawn))]
    public void Every_text_can_be_read_on_what_it_stands_on(string theme)
    {
        var palette = Palette(theme, new IdpOptions());
        Assert.All(
            new[]
            {
                ("ink", "ground"), ("ink", "card"), ("ink", "sunk"), ("ink", "line"), ("soft", "ground"), ("soft", "card"), ("soft", "sunk"),
                ("bad", "bad-ground"), ("good", "good-ground"), ("link", "card"), ("link", "ground"), ("on-accent", "accent"),
            },
            pair => Assert.True(palette[pair.Item1].ContrastWith(palette[pair.Item2]) >= Text, $"{pair} in {theme}: {palette[pair.Item1].ContrastWith(palette[pair.Item2]):0.00}"));
        Assert.True(palette["edge"].ContrastWith(palette["card"]) >= Edge);
    }

    [Theory]
    [InlineData("#ffee00"), InlineData("#000000"), InlineData("#ffffff"), InlineData("#777777"), InlineData("#0a84ff"), InlineData("#e60012")]
    public void Whatever_accent_an_operator_takes_stays_readable(string accent)
    {
        foreach (var theme in new[] { Themes.Light, Themes.Dark })
        {
            var palette = Palette(theme, new IdpOptions { Brand = new BrandOptions { Accent = accent } });
            Assert.True(palette["on-accent"].ContrastWith(palette["accent"]) >= Text);
            Assert.True(palette["link"].ContrastWith(palette["card"]) >= Text);
            Assert.True(palette["link"].ContrastWith(palette["ground"]) >= Text);
        }
    }

    [Theory]
    [InlineData("red"), InlineData("#12345"), InlineData("#fff;} body{display:none"), InlineData("url(https://example.com)"), InlineData("#ggg")]
    public void Only_plain_colours_are_taken(string accent) =>
        Assert.Throws<InvalidOperationException>(() => new Brand(new IdpOptions { Brand = new BrandOptions { Accent = accent } }));

    private static Dictionary<string, Colour> Palette(string theme, IdpOptions options)
    {
        using var reader = new StreamReader(Resource("assets/site.css"));
        var css = new Brand(options).StyleSheet + reader.ReadToEnd();
        var rules = Regex.Matches(css, $@"\[data-theme={theme}\]\s*{{([^}}]*)}}").Select(match => match.Groups[1].Value);
        return Declaration().Matches(string.Join(';', rules)).ToDictionary(m => m.Groups[1].Value, m => Colour.Parse(m.Groups[2].Value)!.Value);
    }

    private static Stream Resource(string name) => typeof(Brand).Assembly.GetManifestResourceStream(name)!;

    [GeneratedRegex("--([a-z-]+):(#[0-9a-f]{3,6})")]
    private static partial Regex Declaration();
}
