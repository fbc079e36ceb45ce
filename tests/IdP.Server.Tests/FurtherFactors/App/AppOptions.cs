namespace IdP.Server.Tests.FurtherFactors.App;

/// <summary>Settings under <c>Factors:app</c>.</summary>
internal sealed class AppOptions
{
    /// <summary>How long a request may be answered.</summary>
    public TimeSpan RequestLife { get; set; } = TimeSpan.FromMinutes(2);

    public static IEnumerable<string> Faults(AppOptions options) =>
        options.RequestLife < TimeSpan.FromSeconds(30) ? [$"RequestLife: '{options.RequestLife}' is too short; half a minute at least"] : [];
}
