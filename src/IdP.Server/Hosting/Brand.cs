using System.Globalization;

namespace IdP.Server.Hosting;

/// <summary>
/// The operator's face: name, logo, accent colours. Colours are read as numbers and written anew, so that a setting cannot inject CSS; from each
/// accent follow the colour of text upon it and a shade of it that is readable as a link on that theme's ground (WCAG 2.2 §1.4.3).
/// </summary>
internal sealed class Brand
{
    public const string DefaultAccent = "#2f55d4";
    public const string DefaultAccentDark = "#9db6ff";
    internal const string LightCard = "#ffffff";
    internal const string DarkCard = "#171c26";
    internal const string DarkGround = "#0e1218";
    internal const string LightGround = "#f3f5f9";
    internal const long LargestLogo = 262_144;

    public Brand(IdpOptions options)
    {
        var brand = options.Brand;
        Name = brand.Name;
        if (!string.IsNullOrEmpty(brand.Logo))
            Logo = ReadLogo(brand.Logo);

        var accent = brand.Accent is { Length: > 0 } own ? own : DefaultAccent;
        var accentDark = brand.AccentDark is { Length: > 0 } ownDark ? ownDark : accent == DefaultAccent ? DefaultAccentDark : accent;
        var light = Rules(accent, "Brand:Accent", LightGround, LightCard);
        var dark = Rules(accentDark, "Brand:AccentDark", DarkGround, DarkCard);
        StyleSheet = $":root,[data-theme=light]{{{light}}}\n@media (prefers-color-scheme:dark){{[data-theme=auto]{{{dark}}}}}\n[data-theme=dark]{{{dark}}}\n";
    }

    public string Name { get; }
    /// <summary>Named as the asset it is served as.</summary>
    public (string Name, byte[] Bytes)? Logo { get; }
    public string StyleSheet { get; }

    private static string Rules(string accent, string setting, string ground, string card)
    {
        var colour = Colour.Parse(accent) ?? throw new InvalidOperationException($"{setting} is '{accent}'; it must be a colour written as #rrggbb.");
        var grounds = new[] { Colour.Parse(ground)!.Value, Colour.Parse(card)!.Value };
        return $"--accent:{colour};--on-accent:{colour.TextUpon()};--link:{colour.ReadableOn(grounds)}";
    }

    private static (string Name, byte[] Bytes) ReadLogo(string file)
    {
        var extension = Path.GetExtension(file).ToLowerInvariant();
        if (extension is not (".svg" or ".png"))
            throw new InvalidOperationException($"Brand:Logo is '{file}'; it must be an .svg or .png file.");

        var info = new FileInfo(file);
        if (!info.Exists || info.Length > LargestLogo)
            throw new InvalidOperationException($"Brand:Logo is '{file}'; it must exist and have at most {LargestLogo / 1024} KB.");
        return ("logo" + extension, File.ReadAllBytes(file));
    }
}

/// <summary>An sRGB colour and the contrast arithmetic of WCAG 2.2.</summary>
internal readonly record struct Colour(byte Red, byte Green, byte Blue)
{
    private const double Readable = 4.5;
    private static readonly Colour White = new(255, 255, 255);
    // Of black and white one always has 4.58 or more; a softer ink would not.
    private static readonly Colour Black = new(0, 0, 0);

    /// <summary>"#rgb" or "#rrggbb"; null for anything else.</summary>
    public static Colour? Parse(string text)
    {
        if (text is not ['#', .. var digits] || digits.Length is not (3 or 6) || !digits.All(char.IsAsciiHexDigit))
            return null;

        var full = digits.Length == 6 ? digits : string.Concat(digits.Select(d => new string(d, 2)));
        var bytes = Convert.FromHexString(full);
        return new Colour(bytes[0], bytes[1], bytes[2]);
    }

    /// <summary>1 to 21.</summary>
    public double ContrastWith(Colour other)
    {
        var (a, b) = (Luminance, other.Luminance);
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    public Colour TextUpon() => ContrastWith(White) >= ContrastWith(Black) ? White : Black;

    /// <summary>This colour, moved towards black or white in small steps until it can be read on every ground.</summary>
    public Colour ReadableOn(IReadOnlyList<Colour> grounds)
    {
        var goal = grounds[0].TextUpon() == White ? White : Black;
        for (var step = 0; step < 20; step++)
        {
            var shade = Towards(goal, step / 20.0);
            if (grounds.All(ground => shade.ContrastWith(ground) >= Readable))
                return shade;
        }

        return goal;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"#{Red:x2}{Green:x2}{Blue:x2}");

    private double Luminance => 0.2126 * Linear(Red) + 0.7152 * Linear(Green) + 0.0722 * Linear(Blue);

    private Colour Towards(Colour goal, double share) => new(Mix(Red, goal.Red, share), Mix(Green, goal.Green, share), Mix(Blue, goal.Blue, share));

    private static byte Mix(byte from, byte to, double share) => (byte)Math.Round(from + (to - from) * share);

    private static double Linear(byte channel)
    {
        var c = channel / 255.0;
        return c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4);
    }
}
