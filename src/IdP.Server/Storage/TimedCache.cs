using System.Collections.Concurrent;

namespace IdP.Server.Storage;

/// <summary>
/// Values younger than <paramref name="life"/> come from memory; older ones are loaded again, once for all who ask meanwhile.
/// Age counts from the start of the load, so that a change is seen everywhere within that time. Outages are never kept.
/// </summary>
internal sealed class TimedCache<TKey, TValue>(TimeProvider clock, TimeSpan life, int capacity = 50_000) where TKey : notnull
{
    /// <summary>How old an answer about clients, scopes, people and sessions may be.</summary>
    public static readonly TimeSpan Usual = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<TKey, Entry> entries = new();

    public TimedCache(TimeProvider clock) : this(clock, Usual) { }

    public ValueTask<TValue> GetAsync(TKey key, Func<TKey, Task<TValue>> load, CancellationToken cancel)
    {
        if (entries.TryGetValue(key, out var known) && clock.GetElapsedTime(known.StartedAt) < life)
            return known.Value.IsCompletedSuccessfully ? new(known.Value.Result) : new(known.Value.WaitAsync(cancel));
        return new(LoadAsync(key, known, load).WaitAsync(cancel));
    }

    /// <summary>The next caller loads anew, even while an older load is still under way.</summary>
    public void Forget(TKey key) => entries.TryRemove(key, out _);

    public void Clear() => entries.Clear();

    private Task<TValue> LoadAsync(TKey key, Entry? old, Func<TKey, Task<TValue>> load)
    {
        MakeRoom();
        var promise = new TaskCompletionSource<TValue>(TaskCreationOptions.RunContinuationsAsynchronously);
        var mine = new Entry(clock.GetTimestamp(), promise.Task);
        var won = old is null ? entries.TryAdd(key, mine) : entries.TryUpdate(key, mine, old);
        if (!won && entries.TryGetValue(key, out var theirs))
            return theirs.Value;
        _ = FillAsync(key, mine, promise, load, won);
        return promise.Task;
    }

    private async Task FillAsync(TKey key, Entry mine, TaskCompletionSource<TValue> promise, Func<TKey, Task<TValue>> load, bool kept)
    {
        try
        {
            promise.SetResult(await load(key));
        }
#pragma warning disable CA1031 // Whatever went wrong belongs to those who wait for the value.
        catch (Exception problem)
#pragma warning restore CA1031
        {
            if (kept)
                entries.TryRemove(new(key, mine));
            promise.SetException(problem);
        }
    }

    private void MakeRoom()
    {
        if (entries.Count < capacity)
            return;
        foreach (var (key, entry) in entries)
        {
            if (clock.GetElapsedTime(entry.StartedAt) >= life)
                entries.TryRemove(new(key, entry));
        }

        if (entries.Count >= capacity)
            entries.Clear();
    }

    private sealed class Entry(long startedAt, Task<TValue> value)
    {
        public long StartedAt => startedAt;
        public Task<TValue> Value => value;
    }
}
