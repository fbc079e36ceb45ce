using IdP.Benchmarks.Floors;
using IdP.Benchmarks.Load;
using IdP.Benchmarks.Worlds;

namespace IdP.Benchmarks.Rows;

/// <summary>
/// Password sign-ins, app to code, beside Argon2id alone: how many a second on the same cores, and what one costs the server. The floor has the cores for itself,
/// so the time that the load takes of them is not counted against the server; what its stores' own processes take is. Nor is what other machines take of the hardware.
/// </summary>
internal static class SignInRow
{
    public const string Rate = "password sign-ins", Cost = "password sign-in";

    public static IEnumerable<Line> Measure(Settings settings, IReadOnlyList<Prepared> worlds)
    {
        var crews = new List<Crew>();
        try
        {
            foreach (var world in worlds)
                crews.Add(new(world.World.Subject, settings.Workers, (wire, worker) =>
                {
                    var person = new SignedIn(world.World, wire);
                    var next = worker;
                    return () => person.WithPassword((next += settings.Workers) % settings.People);
                }));
            // A slow operation calls the compiler's attention slowly, and what is to be seen beside the hash is a seventh of the whole.
            crews.ForEach(c => _ = settings.Smoke ? c.WarmUp(settings.WarmUp) : c.WarmUp(settings.WarmUp * 3, compiler: 0.005));
            var floors = new List<Sample>();
            var rounds = crews.ConvertAll(_ => new List<Sample>());
            // A rate moves with the neighbours' caches: many rounds, each long enough that a sign-in more or less is not seen.
            var length = settings.RoundLength * 3;
            for (var round = 0; round < (settings.Rounds * 2) - 1; round++)
            {
                floors.Add(ArgonFloor.Run(length));
                for (var i = 0; i < crews.Count; i++)
                    rounds[i].Add(crews[i].RunFor(length));
            }
            var floor = Meter.Median(floors);
            var servers = rounds.ConvertAll(Meter.Median);
            return
            [
                new(Rate, "/s", Meter.MedianRate(floors), rounds.ConvertAll(Meter.MedianRate), Limit.ShareOfFloor(0.85), Further.PartOfTheRate),
                new(Cost, "µs", floor.CpuMicroseconds, servers.ConvertAll(s => s.CpuMicroseconds), Further: Further.TimesTheCost, StoreMicroseconds: servers.ConvertAll(s => s.StoreMicroseconds)),
            ];
        }
        finally
        {
            crews.ForEach(c => c.Dispose());
        }
    }
}
