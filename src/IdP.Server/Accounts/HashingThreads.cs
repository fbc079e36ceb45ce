using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace IdP.Server.Accounts;

/// <summary>
/// Threads of their own for slow hashes, one a core, and a short queue before them: a storm of sign-ins waits or is turned away here,
/// and the rest of the server keeps its threads - and, where the system can be told so, goes first on every core.
/// </summary>
internal sealed class HashingThreads : IDisposable
{
    private const int Niceness = 10;
    private const int ProcessOrThread = 0, ThisThread = 0;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly BlockingCollection<Action> queue;
    private readonly BlockingCollection<Action> done = [];
    private readonly int threads;
    private int started;
    private int working;

    public HashingThreads(int? threads = null, int mostWaiting = 64)
    {
        this.threads = threads ?? Environment.ProcessorCount;
        queue = new(mostWaiting);
    }

    /// <summary>Whoever stops waiting (a deadline, a browser that left) is not kept until their turn.</summary>
    /// <exception cref="BusyException">The queue is full.</exception>
    public Task<T> RunAsync<T>(Func<T> work, CancellationToken cancel)
    {
        if (Interlocked.Exchange(ref started, 1) == 0)
            Start();
        var promise = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        return queue.TryAdd(() => done.Add(Fulfil(promise, work, cancel))) ? promise.Task.WaitAsync(cancel) : throw new BusyException(RetryAfter);
    }

    public void Dispose() => queue.CompleteAdding();

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
        foreach (var news in done.GetConsumingEnumerable())
            news();
    }

    private void Work()
    {
        GiveWay();
        foreach (var work in queue.GetConsumingEnumerable())
            work();
        if (Interlocked.Decrement(ref working) == 0)
            done.CompleteAdding();
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

    [DllImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetPriority(int which, int who, int niceness);
}

/// <summary>Too much is waiting: 503 with Retry-After.</summary>
internal sealed class BusyException(TimeSpan retryAfter) : Exception("The server is busy.")
{
    public TimeSpan RetryAfter => retryAfter;
}
