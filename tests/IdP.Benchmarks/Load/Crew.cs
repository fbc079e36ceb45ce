using System.Diagnostics;
using IdP.Benchmarks.Http;

namespace IdP.Benchmarks.Load;

/// <summary>Who is asked: a process whose CPU time is counted, and its port on loopback.</summary>
/// <param name="StoreSeconds">CPU seconds its stores' own processes have used so far.</param>
internal sealed record Subject(int Pid, int Port, Func<double>? StoreSeconds = null);

/// <summary>One round: what an operation cost the subject and its stores' own processes, and how many were done in a second.</summary>
internal sealed record Sample(double CpuMicroseconds, double PerSecond, double StoreMicroseconds = 0);

/// <summary>Makes what one worker does again and again; called once per worker.</summary>
internal delegate Action Job(Wire wire, int worker);

/// <summary>
/// Workers with a kept-alive connection each, in a closed loop: the next request leaves when the answer is in.
/// Blocking sockets on threads of their own, because the generator shares its cores with the server.
/// </summary>
internal sealed class Crew : IDisposable
{
    private readonly Subject subject;
    private readonly List<Wire> wires = [];
    private readonly List<Action> jobs = [];

    public Crew(Subject subject, int workers, Job job)
    {
        this.subject = subject;
        for (var i = 0; i < workers; i++)
        {
            var wire = new Wire(subject.Port);
            wires.Add(wire);
            jobs.Add(job(wire, i));
        }
    }

    /// <summary>
    /// Works until the subject's code has been compiled for good: at least this long, and until the compiler used next to nothing twice in a row.
    /// On a busy machine that takes many times as long. Returns operations per second.
    /// </summary>
    /// <param name="compiler">What is next to nothing: a share of all that the subject uses.</param>
    public double WarmUp(TimeSpan atLeast, double compiler = 0.02)
    {
        var watch = Stopwatch.StartNew();
        var rate = Run(jobs.Count * 4).PerSecond;
        for (var quiet = 0; watch.Elapsed < atLeast || (quiet < 2 && watch.Elapsed < atLeast * 20);)
        {
            var before = (All: ProcessFigures.CpuSeconds(subject.Pid), Compiler: ProcessFigures.CompilerSeconds(subject.Pid));
            rate = Run(Count(rate, atLeast / 4)).PerSecond;
            // The compiler waits for a pause of 100 ms in new methods before it works.
            Thread.Sleep(120);
            var used = ProcessFigures.CompilerSeconds(subject.Pid) - before.Compiler;
            quiet = used <= compiler * (ProcessFigures.CpuSeconds(subject.Pid) - before.All) ? quiet + 1 : 0;
        }
        return rate;
    }

    public int Count(double rate, TimeSpan time) => Math.Max(jobs.Count, (int)(rate * time.TotalSeconds));

    public Sample Run(int operations)
    {
        var left = operations;
        Exception? fault = null;
        var threads = jobs.ConvertAll(job => new Thread(() =>
        {
            try
            {
                while (Interlocked.Decrement(ref left) >= 0)
                    job();
            }
            catch (Exception problem)
            {
                Interlocked.CompareExchange(ref fault, problem, null);
                Interlocked.Exchange(ref left, 0);
            }
        }));
        var stores = subject.StoreSeconds?.Invoke() ?? 0;
        var cpu = ProcessFigures.CpuSeconds(subject.Pid);
        var watch = Stopwatch.StartNew();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        watch.Stop();
        cpu = ProcessFigures.CpuSeconds(subject.Pid) - cpu;
        stores = (subject.StoreSeconds?.Invoke() ?? 0) - stores;
        return fault is null
            ? new(cpu * 1e6 / operations, operations / watch.Elapsed.TotalSeconds, stores * 1e6 / operations)
            : throw new BenchmarkException(fault.Message, fault);
    }

    public void Dispose() => wires.ForEach(w => w.Dispose());
}
