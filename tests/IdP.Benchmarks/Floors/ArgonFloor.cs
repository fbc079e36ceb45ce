using System.Diagnostics;
using IdP.Benchmarks.Load;
using NSec.Cryptography;

namespace IdP.Benchmarks.Floors;

/// <summary>Argon2id alone, on every core at once, with the server's parameters: no HTTP, no store.</summary>
internal static class ArgonFloor
{
    public static Sample Run(TimeSpan time)
    {
        var argon = new Argon2id(new Argon2Parameters { DegreeOfParallelism = 1, MemorySize = 19 * 1024, NumberOfPasses = 2 });
        var done = 0;
        var cpu = ProcessFigures.CpuSeconds(Environment.ProcessId);
        var watch = Stopwatch.StartNew();
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            Span<byte> hash = stackalloc byte[32];
            Span<byte> salt = stackalloc byte[16];
            while (watch.Elapsed < time)
            {
                argon.DeriveBytes("correct horse battery staple", salt, hash);
                Interlocked.Increment(ref done);
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        var elapsed = watch.Elapsed;
        cpu = ProcessFigures.CpuSeconds(Environment.ProcessId) - cpu;
        return new(cpu * 1e6 / done, done / elapsed.TotalSeconds);
    }
}
