using System.Globalization;

namespace IdP.Server.Hosting;

/// <summary>The languages that pages and mails are written in, and which of them fits a tag best (RFC 4647 lookup, made kinder).</summary>
internal static class Languages
{
    public const string English = "en";
    public const string Chinese = "zh-Hans";

    /// <summary>Each with its name in itself, as a switch shows it.</summary>
    public static readonly IReadOnlyList<(string Tag, string Name)> All = [(English, "English"), (Chinese, "简体中文")];

    private static readonly Dictionary<string, CultureInfo> Cultures = All.ToDictionary(l => l.Tag, l => CultureInfo.GetCultureInfo(l.Tag));

    public static CultureInfo Culture(string language) => Cultures[language];

    /// <summary>The first tag that we have a language for; null when there is none.</summary>
    public static string? FirstKnown(params IEnumerable<string?> tags) => tags.Select(Match).FirstOrDefault(language => language is not null);

    /// <summary>Accept-Language in the person's order (RFC 9110 §12.5.4); a weight of 0 means "not this one".</summary>
    public static IEnumerable<string> Accepted(HttpRequest request) =>
        request.Headers.AcceptLanguage.Count == 0
            ? []
            : request.GetTypedHeaders().AcceptLanguage.Where(l => l.Quality is not 0).OrderByDescending(l => l.Quality ?? 1).Select(l => l.Value.ToString());

    /// <summary>Words made in another language than the request's: a mail's. What runs inside must not wait for anything.</summary>
    public static T Speaking<T>(string language, Func<T> words)
    {
        var (before, beforeUi) = (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture);
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = Culture(language);
            return words();
        }
        finally
        {
            (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (before, beforeUi);
        }
    }

    // Whoever reads any Chinese is better served by ours than by English, zh-Hant included.
    private static string? Match(string? tag) => tag?.Split('-', '_')[0].ToLowerInvariant() switch
    {
        "en" => English,
        "zh" or "cmn" => Chinese,
        _ => null,
    };
}
