using System.Diagnostics;
using System.Text;
using IdP.Benchmarks.Load;
using IdP.Benchmarks.Worlds;
using IdP.Server.Accounts;

namespace IdP.Benchmarks.Floors;

/// <summary>Argon2id alone, on every core at once, with the server's code and parameters: no HTTP, no store.</summary>
internal static class ArgonFloor
{
    public static Sample Run(TimeSpan time)
    {
        var password = Encoding.UTF8.GetBytes(Seed.Secret);
        var nobody = Argon2Phc.Nobody(PasswordCost.Today);
        var done = 0;
        var stolen = ProcessFigures.StolenSeconds();
        var cpu = ProcessFigures.CpuSeconds(Environment.ProcessId);
        var watch = Stopwatch.StartNew();
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            while (watch.Elapsed < time)
            {
                nobody.Matches(password);
                Interlocked.Increment(ref done);
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        var elapsed = watch.Elapsed;
        cpu = ProcessFigures.CpuSeconds(Environment.ProcessId) - cpu;
        stolen = ProcessFigures.StolenSeconds() - stolen;
        return new(cpu * 1e6 / done, done / elapsed.TotalSeconds, Elsewhere: stolen / elapsed.TotalSeconds / Environment.ProcessorCount);
    }
}
