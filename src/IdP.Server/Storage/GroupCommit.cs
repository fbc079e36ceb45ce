using System.Collections.Concurrent;

namespace IdP.Server.Storage;

/// <summary>
/// SQLite has one writer at a time, and each commit waits for the disk. Those who come while a commit is under way share the next one: the disk is
/// waited for once, and nobody is told of success before it. Each piece of work is undone alone when it fails; when the commit fails, all of them do.
/// </summary>
internal sealed class GroupCommit(Func<CancellationToken, ValueTask<Lane>> open) : IAsyncDisposable
{
    private const int Most = 64;

    private readonly ConcurrentQueue<Pending> waiting = new();
    private Lane? lane;
    private int busy;

    /// <param name="atomic">The work is more than one statement.</param>
    public Task<T> RunAsync<T>(Func<Lane, Task<T>> work, bool atomic, CancellationToken cancel)
    {
        var pending = new Pending<T>(work, atomic, cancel);
        waiting.Enqueue(pending);
        Start();
        return pending.Result;
    }

    public async ValueTask DisposeAsync()
    {
        if (lane is not null)
            await lane.DisposeAsync();
    }

    // Behind what is ready to run: whoever among that wants to write comes along, and the disk is waited for once for all of them.
    private void Start()
    {
        if (Interlocked.CompareExchange(ref busy, 1, 0) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(static me => _ = me.WorkAsync(), this, preferLocal: false);
    }

    private async Task WorkAsync()
    {
        var batch = new List<Pending>();
        while (batch.Count < Most && waiting.TryDequeue(out var next))
            batch.Add(next);
        await CommitAsync(batch);
        // A full fence: "nobody waits" must not be read before "nobody works" can be seen, or whoever comes between the two would wait for ever.
        Interlocked.Exchange(ref busy, 0);
        if (!waiting.IsEmpty)
            Start();
    }

    private async Task CommitAsync(List<Pending> batch)
    {
        try
        {
            lane ??= await open(CancellationToken.None);
            if (batch is [{ Atomic: false } only])
            {
                await only.TryAsync(lane);
            }
            else
            {
                // "immediate" takes the write lock now, so that what the work reads stays true until it commits.
                await lane.ExecuteAsync("begin immediate", CancellationToken.None);
                foreach (var pending in batch)
                    await pending.TryInsideAsync(lane);
                await lane.ExecuteAsync("commit", CancellationToken.None);
            }
        }
#pragma warning disable CA1031 // Whatever went wrong belongs to those who wait.
        catch (Exception problem)
#pragma warning restore CA1031
        {
            await LetGoAsync();
            foreach (var pending in batch)
                pending.Fail(problem);
        }

        foreach (var pending in batch)
            pending.Tell();
    }

    // A connection that failed in mid-transaction is not trusted again; closing it rolls back.
    private async Task LetGoAsync()
    {
        if (lane is { } broken)
        {
            lane = null;
            await broken.DisposeAsync();
        }
    }

    private abstract class Pending(bool atomic)
    {
        public bool Atomic => atomic;

        public abstract Task TryAsync(Lane lane);

        public abstract void Fail(Exception problem);

        public abstract void Tell();

        public async Task TryInsideAsync(Lane lane)
        {
            if (atomic)
                await lane.ExecuteAsync("savepoint work", CancellationToken.None);
            await TryAsync(lane);
            if (atomic)
                await lane.ExecuteAsync(Failed ? "rollback to work" : "release work", CancellationToken.None);
            if (atomic && Failed)
                await lane.ExecuteAsync("release work", CancellationToken.None);
        }

        protected abstract bool Failed { get; }
    }

    private sealed class Pending<T>(Func<Lane, Task<T>> work, bool atomic, CancellationToken cancel) : Pending(atomic)
    {
        private readonly TaskCompletionSource<T> promise = new(TaskCreationOptions.RunContinuationsAsynchronously);
        // The work writes mails in its caller's language: it runs in its caller's context, not in that of whoever commits.
        private readonly ExecutionContext? context = ExecutionContext.Capture();
        private T? result;
        private Exception? problem;

        public Task<T> Result => promise.Task;

        protected override bool Failed => problem is not null;

        public override async Task TryAsync(Lane lane)
        {
            try
            {
                cancel.ThrowIfCancellationRequested();
                result = await InContext(lane);
            }
#pragma warning disable CA1031 // It belongs to the one who waits; the others' work goes on.
            catch (Exception fault)
#pragma warning restore CA1031
            {
                problem = fault;
            }
        }

        private Task<T> InContext(Lane lane)
        {
            if (context is null)
                return work(lane);
            Task<T>? started = null;
            ExecutionContext.Run(context, _ => started = work(lane), null);
            return started!;
        }

        public override void Fail(Exception fault) => problem ??= fault;

        public override void Tell()
        {
            if (problem is null)
                promise.SetResult(result!);
            else
                promise.SetException(problem);
        }
    }
}
