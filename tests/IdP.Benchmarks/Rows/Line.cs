using System.Globalization;

namespace IdP.Benchmarks.Rows;

/// <summary>What a row is held to.</summary>
/// <param name="Text">As printed.</param>
/// <param name="Holds">Whether a measured value, beside its floor, keeps to it.</param>
internal sealed record Limit(string Text, Func<double, double?, bool> Holds)
{
    public static Limit TimesFloor(double times) => new(string.Create(CultureInfo.InvariantCulture, $"≤ {times:0.0} × floor"), (measured, floor) => measured <= times * floor);
    public static Limit ShareOfFloor(double share) => new(string.Create(CultureInfo.InvariantCulture, $"≥ {share * 100:0} % of floor"), (measured, floor) => measured >= share * floor);
    public static Limit AtMost(double most, string unit) => new(string.Create(CultureInfo.InvariantCulture, $"≤ {most:0} {unit}"), (measured, _) => measured <= most);
}

/// <summary>What is asked of every world but the first.</summary>
internal enum Further
{
    TheLimit,
    /// <summary>At most 1.5 × what it costs in the first.</summary>
    TimesTheCost,
    /// <summary>At least what that leaves of the first one's rate.</summary>
    PartOfTheRate,
}

/// <summary>One line of the table.</summary>
/// <param name="Measured">One value a world, in the order of the worlds.</param>
/// <param name="Further">What the worlds after the first are held to.</param>
/// <param name="StoreMicroseconds">CPU of the stores' own processes for each operation, one value a world.</param>
/// <param name="Fault">Why it could not be measured.</param>
internal sealed record Line(
    string Name, string Unit, double? Floor, IReadOnlyList<double> Measured, Limit? Limit = null, Further Further = Further.TheLimit,
    IReadOnlyList<double>? StoreMicroseconds = null, string? Fault = null)
{
    public const double FurtherWorld = 1.5;

    /// <summary>The value beside its yardstick: the floor for the first world (none without a floor), the first world's value for the others.</summary>
    public double? Ratio(int world) => world == 0 || Further == Further.TheLimit ? Measured[world] / Floor : Measured[world] / Measured[0];

    /// <summary>Null when nothing is asked of it.</summary>
    public bool? Keeps(int world) => (world > 0 ? Further : Further.TheLimit) switch
    {
        Further.TimesTheCost => Measured[world] <= FurtherWorld * Measured[0],
        Further.PartOfTheRate => Measured[world] >= Measured[0] / FurtherWorld,
        _ => Limit?.Holds(Measured[world], Floor),
    };
}
