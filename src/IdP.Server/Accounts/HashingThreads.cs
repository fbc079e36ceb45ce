using System.Runtime.InteropServices;

namespace IdP.Server.Accounts;

/// <summary>
/// Threads of their own for slow hashes, one a core, and a short queue before them (<see cref="HashQueue"/>): a storm of sign-ins waits or is turned away here,
/// and the rest of the server keeps its threads - and, where the system can be told so, goes first on every core.
/// </summary>
internal sealed class HashingThreads : IDisposable
{
    private const int Niceness = 10;
    private const int ProcessOrThread = 0, ThisThread = 0;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly HashQueue queue;
    private readonly WaitingLine done = new();
    private readonly int threads;
    private int started;
    private int working;

    public HashingThreads(int? threads = null, int mostWaiting = 64)
    {
        this.threads = threads ?? Environment.ProcessorCount;
        queue = new(mostWaiting);
    }

    /// <summary>Whoever stops waiting (a deadline, a browser that left) is not kept until their turn.</summary>
    /// <exception cref="AccountBusyException">Three hashes of this account are queued or running.</exception>
    /// <exception cref="BusyException">The queue is full, or half full of this address.</exception>
    public Task<T> RunAsync<T>(Func<T> work, CancellationToken cancel, HashFor whom = default)
    {
        if (Interlocked.Exchange(ref started, 1) == 0)
            Start();
        var promise = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        return queue.TryAdd(whom, () => done.Add(Fulfil(promise, work, cancel))) switch
        {
            HashPlace.Given => promise.Task.WaitAsync(cancel),
            HashPlace.AccountFull => throw new AccountBusyException(RetryAfter),
            _ => throw new BusyException(RetryAfter),
        };
    }

    public void Dispose() => queue.Close();

    private void Start()
    {
        working = threads;
        for (var i = 0; i < threads; i++)
            new Thread(Work) { IsBackground = true, Name = "hashing" }.Start();
        new Thread(Tell) { IsBackground = true, Name = "hashed" }.Start();
    }

    // Whoever wakes the pool may have to make it a thread, and on Linux a new thread is as nice as the one that made it: so that is not for those that hash.
    private void Tell()
    {
        while (done.Take() is { } news)
            news();
    }

    private void Work()
    {
        GiveWay();
        while (queue.WorkNext())
        {
        }

        if (Interlocked.Decrement(ref working) == 0)
            done.Close();
    }

    // A hash holds a core for thirty milliseconds and is in no hurry; what everybody else wants of the server takes a tenth of one. Linux has a niceness for each
    // thread, and the runtime's own priorities do nothing there. Where it can't be had, everything works, only not in the best order.
    private static void GiveWay()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            _ = SetPriority(ProcessOrThread, ThisThread, Niceness);
        }
        catch (Exception problem) when (problem is DllNotFoundException or EntryPointNotFoundException)
        {
        }
    }

    private static Action Fulfil<T>(TaskCompletionSource<T> promise, Func<T> work, CancellationToken cancel)
    {
        // Whoever hung up while waiting is not worth 30 ms.
        if (cancel.IsCancellationRequested)
            return () => promise.TrySetCanceled(cancel);
        try
        {
            var result = work();
            return () => promise.SetResult(result);
        }
#pragma warning disable CA1031 // A hashing thread outlives every problem; the problem goes to whoever asked.
        catch (Exception problem)
#pragma warning restore CA1031
        {
            return () => promise.SetException(problem);
        }
    }

    /// <summary>
    /// Whoever waits here sleeps at once: the collections of the library spin first, and where every core is busy with a hash that costs each sign-in a fifth
    /// of a millisecond.
    /// </summary>
    private sealed class WaitingLine
    {
        private readonly Queue<Action> line = new();
        private bool closed;

        public void Add(Action action)
        {
            lock (line)
            {
                line.Enqueue(action);
                Monitor.Pulse(line);
            }
        }

        /// <summary>Waits for the next; null when it is closed and nothing is left.</summary>
        public Action? Take()
        {
            lock (line)
            {
                while (line.Count == 0 && !closed)
                    Monitor.Wait(line);
                return line.TryDequeue(out var action) ? action : null;
            }
        }

        public void Close()
        {
            lock (line)
            {
                closed = true;
                Monitor.PulseAll(line);
            }
        }
    }

    [DllImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetPriority(int which, int who, int niceness);
}

/// <summary>Too much is waiting: 503 with Retry-After.</summary>
internal class BusyException(TimeSpan retryAfter) : Exception("The server is busy.")
{
    public TimeSpan RetryAfter => retryAfter;
}

/// <summary>Too much is waiting for one account: "too many tries" where somebody guesses, else as above.</summary>
internal sealed class AccountBusyException(TimeSpan retryAfter) : BusyException(retryAfter);
