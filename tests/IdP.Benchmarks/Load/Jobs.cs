using IdP.Benchmarks.Http;

namespace IdP.Benchmarks.Load;

internal static class Jobs
{
    /// <summary>Prepared requests one after the other, no worker repeating what another has just asked.</summary>
    public static Job InTurn(params byte[][] requests)
    {
        var next = 0;
        return (wire, _) => () => wire.Send(requests[(uint)Interlocked.Increment(ref next) % requests.Length]).Expect(200);
    }

    /// <summary>Makes many of something on several connections at once; order does not matter.</summary>
    public static T[] Make<T>(int port, int workers, int count, Func<Wire, int, Func<T>> maker)
    {
        var made = new T[count];
        var next = -1;
        Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, worker =>
        {
            using var wire = new Wire(port);
            var make = maker(wire, worker);
            for (int i; (i = Interlocked.Increment(ref next)) < count;)
                made[i] = make();
        });
        return made;
    }
}
