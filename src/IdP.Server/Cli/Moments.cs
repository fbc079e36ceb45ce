using System.Globalization;

namespace IdP.Server.Cli;

/// <summary>Times as operators type them: exactly, or as a span from now.</summary>
internal static class Moments
{
    /// <summary>"2027-01-31", "2027-01-31T08:00:00Z" (UTC where no offset stands), or "90d", "12h", "30m", "10s". Null when it is none of these.</summary>
    /// <param name="ahead">A span counts into the future instead of into the past.</param>
    public static DateTimeOffset? Read(string text, DateTimeOffset now, bool ahead)
    {
        if (text.Length > 1 && Unit(text[^1]) is { } unit
            && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= 100_000)
            return ahead ? now + (unit * count) : now - (unit * count);
        return char.IsAsciiDigit(text.FirstOrDefault()) && text.Contains('-', StringComparison.Ordinal)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;
    }

    private static TimeSpan? Unit(char letter) => letter switch
    {
        'd' => TimeSpan.FromDays(1),
        'h' => TimeSpan.FromHours(1),
        'm' => TimeSpan.FromMinutes(1),
        's' => TimeSpan.FromSeconds(1),
        _ => null,
    };
}
