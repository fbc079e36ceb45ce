using IdP.Benchmarks.Http;

namespace IdP.Benchmarks.Load;

internal static class Jobs
{
    /// <summary>Prepared requests one after the other; each worker begins elsewhere, so that neighbours do not ask the same.</summary>
    public static Action InTurn(Wire wire, int worker, byte[][] requests)
    {
        var next = worker * 31;
        return () => wire.Send(requests[next++ % requests.Length]).Expect(200);
    }
}
