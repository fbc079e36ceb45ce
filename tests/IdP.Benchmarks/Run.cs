using IdP.Benchmarks.Floors;
using IdP.Benchmarks.Load;
using IdP.Benchmarks.Rows;
using IdP.Benchmarks.Worlds;

namespace IdP.Benchmarks;

/// <summary>The order of things: start-up times on an idle machine, memory at rest, the rows, memory at its peak.</summary>
internal sealed class Run(Settings settings, string folder) : IDisposable
{
    private readonly List<Backing> backings = [];
    private readonly List<Line> lines = [];

    public int Go()
    {
        var build = ServerBuild.Find(settings);
        backings.Add(new SqliteAndMemory());
        if (PostgresAndRedis.Installed)
            backings.Add(new PostgresAndRedis(Path.Combine(folder, "stores")));
        else
            Say("PostgreSQL and Redis are not both installed: SQLite + memory only");

        if (settings.Wants(StartRow.Cold) || settings.Wants(StartRow.Warm))
            Try(StartRow.Cold, () => StartRow.Measure(settings, build, backings, folder));
        MeasureWorlds(build);
        if (settings.Wants(WaitingRow.Memory) || settings.Wants(WaitingRow.Told))
            Try(WaitingRow.Memory, () => WaitingRow.Measure(settings, backings, folder));

        var title = $"server: {build.Kind}; {Environment.ProcessorCount} cores; CPU time of the server's process per operation, load from another process"
            + (settings.Smoke ? "; smoke run: the figures mean nothing" : "");
        var names = backings.ConvertAll(b => b.Name);
        Console.WriteLine(settings.Json ? Report.Json(title, names, lines) : Report.Table(title, names, lines));
        return lines.Exists(l => l.Fault is not null) ? 1 : 0;
    }

    private void MeasureWorlds(ServerBuild build)
    {
        var worlds = new List<World>();
        try
        {
            foreach (var backing in backings)
            {
                worlds.Add(new(build, backing, Path.Combine(folder, $"world-{worlds.Count}")));
                worlds[^1].Start();
            }
            Thread.Sleep(settings.Smoke ? 500 : 5000);
            if (settings.Wants("memory at rest"))
                lines.Add(new("memory at rest", "MB", null, worlds.ConvertAll(w => ProcessFigures.ResidentMegabytes(w.Subject.Pid)), Limit.AtMost(150, "MB")));

            worlds.ForEach(w => w.Populate(settings.People));
            var prepared = worlds.ConvertAll(w => new Prepared(w, settings));
            using var floor = new Floor(folder);
            foreach (var row in CpuRow.All(settings).Where(r => settings.Wants(r.Name)))
                Try(row.Name, () => [row.Measure(settings, floor, prepared)]);
            if (settings.Wants(SignInRow.Rate))
                Try(SignInRow.Rate, () => SignInRow.Measure(settings, prepared));
            if (settings.Wants("memory at its peak"))
                lines.Add(new("memory at its peak", "MB", null, worlds.ConvertAll(w => ProcessFigures.PeakMegabytes(w.Subject.Pid)), Limit.AtMost(300, "MB")));
        }
        finally
        {
            worlds.ForEach(w => w.Dispose());
        }
    }

    private void Try(string name, Func<IEnumerable<Line>> measure)
    {
        Say(name + " ...");
        try
        {
            lines.AddRange(measure());
        }
        catch (BenchmarkException problem)
        {
            lines.Add(new(name, "", null, [], Fault: problem.Message));
        }
    }

    private static void Say(string text) => Console.Error.WriteLine(text);

    public void Dispose() => backings.ForEach(b => b.Dispose());
}
