using System.Diagnostics;
using IdP.Benchmarks.Http;

namespace IdP.Benchmarks.Load;

/// <summary>Who is asked: a process whose CPU time is counted, and its port on loopback.</summary>
/// <param name="StoreSeconds">CPU seconds its stores' own processes have used so far.</param>
internal sealed record Subject(int Pid, int Port, Func<double>? StoreSeconds = null);

/// <summary>One round: what an operation cost the subject and its stores' own processes, and how many were done in a second.</summary>
/// <param name="Elsewhere">Which share of all cores' time went meanwhile to the load, or to other machines on the same hardware.</param>
internal sealed record Sample(double CpuMicroseconds, double PerSecond, double StoreMicroseconds = 0, double Elsewhere = 0)
{
    /// <summary>How many would have been done in a second had all cores been there for it.</summary>
    public double PerSecondOfAllCores => PerSecond / (1 - Elsewhere);
}

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

    /// <summary>So many operations, from the first request to the last answer.</summary>
    public Sample Run(int operations)
    {
        var left = operations;
        var work = new Shift(jobs, () => Interlocked.Decrement(ref left) >= 0);
        var before = Now(0);
        work.Begin();
        work.End();
        return Now(operations).Since(before);
    }

    /// <summary>
    /// What is done in so long a time in full swing: counted from when every worker is under way until before any of them stops, so that the operations cut off at
    /// one end make up for those at the other. For operations so long that cores with nothing to do at both ends would be seen in the rate.
    /// </summary>
    public Sample RunFor(TimeSpan time)
    {
        var over = false;
        var work = new Shift(jobs, () => !Volatile.Read(ref over));
        work.Begin();
        while (work is { Done: var done, Failed: false } && done < jobs.Count)
            Thread.Sleep(1);
        var before = Now(work.Done);
        Thread.Sleep(time);
        // On a machine so slow that nothing was finished in that time.
        while (!work.Failed && work.Done < before.Done + jobs.Count)
            Thread.Sleep(1);
        var after = Now(work.Done);
        Volatile.Write(ref over, true);
        work.End();
        return after.Since(before);
    }

    private Reading Now(long done) => new(
        done, Stopwatch.GetTimestamp(), ProcessFigures.CpuSeconds(subject.Pid), subject.StoreSeconds?.Invoke() ?? 0,
        ProcessFigures.CpuSeconds(Environment.ProcessId) + ProcessFigures.StolenSeconds());

    public void Dispose() => wires.ForEach(w => w.Dispose());

    private sealed record Reading(long Done, long At, double Cpu, double Stores, double Elsewhere)
    {
        public Sample Since(Reading before)
        {
            var (operations, seconds) = ((double)(Done - before.Done), Stopwatch.GetElapsedTime(before.At, At).TotalSeconds);
            return new(
                (Cpu - before.Cpu) * 1e6 / operations, operations / seconds, (Stores - before.Stores) * 1e6 / operations, (Elsewhere - before.Elsewhere) / seconds / Environment.ProcessorCount);
        }
    }

    /// <summary>All workers at once, each for as long as there is more to do.</summary>
    private sealed class Shift
    {
        private readonly List<Thread> threads;
        private long done;
        private Exception? fault;

        public Shift(List<Action> jobs, Func<bool> more) => threads = jobs.ConvertAll(job => new Thread(() => Work(job, more)));

        public long Done => Interlocked.Read(ref done);

        public bool Failed => Volatile.Read(ref fault) is not null;

        public void Begin() => threads.ForEach(t => t.Start());

        public void End()
        {
            threads.ForEach(t => t.Join());
            if (fault is not null)
                throw new BenchmarkException(fault.Message, fault);
        }

        private void Work(Action job, Func<bool> more)
        {
            try
            {
                while (!Failed && more())
                {
                    job();
                    Interlocked.Increment(ref done);
                }
            }
            catch (Exception problem)
            {
                Interlocked.CompareExchange(ref fault, problem, null);
            }
        }
    }
}
