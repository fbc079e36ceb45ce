namespace IdP.Benchmarks.Load;

/// <summary>Medians over rounds. All sides are measured in turn, round by round, so that a noisy neighbour falls on each of them.</summary>
internal static class Meter
{
    public static List<Sample> Measure(Settings settings, IReadOnlyList<(Subject Subject, Job Job)> sides)
    {
        var crews = new List<Crew>();
        try
        {
            foreach (var (subject, job) in sides)
                crews.Add(new(subject, settings.Workers, job));
            var counts = crews.ConvertAll(c => c.Count(c.WarmUp(settings.WarmUp), settings.RoundLength));
            var rounds = crews.ConvertAll(_ => new List<Sample>());
            for (var round = 0; round < settings.Rounds; round++)
                for (var side = 0; side < crews.Count; side++)
                    rounds[side].Add(crews[side].Run(counts[side]));
            return rounds.ConvertAll(Median);
        }
        finally
        {
            crews.ForEach(c => c.Dispose());
        }
    }

    /// <summary>Each figure's own median.</summary>
    public static Sample Median(List<Sample> rounds) => new(
        Median(rounds.Select(r => r.CpuMicroseconds)), Median(rounds.Select(r => r.PerSecond)), Median(rounds.Select(r => r.StoreMicroseconds)));

    /// <summary>The median rate, were all cores there for it.</summary>
    public static double MedianRate(List<Sample> rounds) => Median(rounds.Select(r => r.PerSecondOfAllCores));

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
