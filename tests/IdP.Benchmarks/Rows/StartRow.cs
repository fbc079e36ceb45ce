using IdP.Benchmarks.Load;
using IdP.Benchmarks.Worlds;

namespace IdP.Benchmarks.Rows;

/// <summary>From the start of the process to its first good answer, with stores that are new and with stores that are there.</summary>
internal static class StartRow
{
    public const string Cold = "first 200, new stores", Warm = "first 200, stores there";

    public static IEnumerable<Line> Measure(Settings settings, ServerBuild build, IReadOnlyList<Backing> backings, string folder)
    {
        var cold = new List<double>();
        var warm = new List<double>();
        foreach (var backing in backings)
        {
            var first = new List<double>();
            var again = new List<double>();
            for (var round = 0; round < settings.Rounds; round++)
            {
                using var world = new World(build, backing, Path.Combine(folder, $"start-{cold.Count}-{round}"));
                first.Add(world.Start().TotalMilliseconds);
                world.Stop();
                again.Add(world.Start().TotalMilliseconds);
            }
            cold.Add(Meter.Median(first));
            warm.Add(Meter.Median(again));
        }
        return [new(Cold, "ms", null, cold, Limit.AtMost(2000, "ms")), new(Warm, "ms", null, warm, Limit.AtMost(2000, "ms"))];
    }
}
