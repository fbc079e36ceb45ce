using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace IdP.Server.Storage;

/// <summary>The ephemeral store of a single node: this process's memory, bounded, swept every ten seconds.</summary>
internal sealed class MemoryStore : IEphemeralStore, IDisposable
{
    /// <summary>What an entry costs beside its key and value, roughly.</summary>
    private const int EntryCost = 160;

    private readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);
    // Anybody can begin sign-ins, so they have a share of their own, and the oldest make room for new ones: a flood of them costs a person at most a new start.
    private readonly ConcurrentQueue<string> signIns = new();
    private long usedBySignIns;
    private readonly TimeProvider clock;
    private readonly long capacity;
    private readonly ITimer sweep;
    private long used;

    /// <param name="capacity">Bytes; beyond it writes are refused as an outage, so that a flood cannot take the process down.</param>
    public MemoryStore(TimeProvider clock, long capacity = 96 << 20)
    {
        (this.clock, this.capacity) = (clock, capacity);
        sweep = clock.CreateTimer(_ => Sweep(), null, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10));
    }

    public Task SetAsync(string key, byte[] value, TimeSpan life, CancellationToken cancel)
    {
        var entry = Make(value, life);
        while (!Swap(key, Known(key), entry)) { }
        return Task.CompletedTask;
    }

    public ValueTask<byte[]?> GetAsync(string key, CancellationToken cancel) => new(Alive(Known(key))?.Value);

    public Task<byte[]?> TakeAsync(string key, CancellationToken cancel)
    {
        if (!entries.TryRemove(key, out var taken))
            return Task.FromResult<byte[]?>(null);
        Add(key, -Cost(key, taken));
        return Task.FromResult(Alive(taken)?.Value);
    }

    public Task<bool> AddAsync(string key, byte[] value, TimeSpan life, CancellationToken cancel)
    {
        var entry = Make(value, life);
        while (true)
        {
            var known = Known(key);
            if (Alive(known) is not null)
                return Task.FromResult(false);
            if (Swap(key, known, entry))
                return Task.FromResult(true);
        }
    }

    public Task<bool> ReplaceAsync(string key, byte[] expected, byte[] value, TimeSpan life, CancellationToken cancel)
    {
        var entry = Make(value, life);
        while (true)
        {
            var known = Known(key);
            if (Alive(known) is null || !known!.Value.AsSpan().SequenceEqual(expected))
                return Task.FromResult(false);
            if (Swap(key, known, entry))
                return Task.FromResult(true);
        }
    }

    public Task<long> CountAsync(string key, TimeSpan window, CancellationToken cancel)
    {
        while (true)
        {
            var known = Known(key);
            var alive = Alive(known);
            var count = alive is null ? 1 : long.Parse(alive.Value, CultureInfo.InvariantCulture) + 1;
            var value = Encoding.ASCII.GetBytes(count.ToString(CultureInfo.InvariantCulture));
            if (Swap(key, known, alive is null ? Make(value, window) : new Entry(value, alive.ExpiresAt)))
                return Task.FromResult(count);
        }
    }

    public Task RemoveAsync(string key, CancellationToken cancel) => TakeAsync(key, cancel);

    public void Dispose() => sweep.Dispose();

    private Entry? Known(string key) => entries.GetValueOrDefault(key);

    private Entry? Alive(Entry? entry) => entry is not null && entry.ExpiresAt > clock.GetUtcNow() ? entry : null;

    private Entry Make(byte[] value, TimeSpan life) => new(value, clock.GetUtcNow() + life);

    /// <summary>The one conditional write: entries are compared by identity.</summary>
    private bool Swap(string key, Entry? old, Entry next)
    {
        var growth = Cost(key, next) - (old is null ? 0 : Cost(key, old));
        if (Add(key, growth) > capacity && growth > 0)
        {
            Add(key, -growth);
            throw new StoreUnavailableException("The in-process store is full.");
        }

        if (!(old is null ? entries.TryAdd(key, next) : entries.TryUpdate(key, next, old)))
        {
            Add(key, -growth);
            return false;
        }

        if (old is null && IsSignIn(key))
        {
            signIns.Enqueue(key);
            MakeRoomForSignIns();
        }

        return true;
    }

    private void Sweep()
    {
        foreach (var (key, entry) in entries)
        {
            if (Alive(entry) is null && entries.TryRemove(new(key, entry)))
                Add(key, -Cost(key, entry));
        }

        while (signIns.TryPeek(out var oldest) && !entries.ContainsKey(oldest))
            signIns.TryDequeue(out _);
    }

    private void MakeRoomForSignIns()
    {
        while (Interlocked.Read(ref usedBySignIns) > capacity / 2 && signIns.TryDequeue(out var oldest))
        {
            if (entries.TryRemove(oldest, out var dropped))
                Add(oldest, -Cost(oldest, dropped));
        }
    }

    private long Add(string key, long bytes)
    {
        if (IsSignIn(key))
            Interlocked.Add(ref usedBySignIns, bytes);
        return Interlocked.Add(ref used, bytes);
    }

    private static bool IsSignIn(string key) => key.StartsWith("signin:", StringComparison.Ordinal);

    private static long Cost(string key, Entry entry) => EntryCost + (2 * key.Length) + entry.Value.Length;

    private sealed class Entry(byte[] value, DateTimeOffset expiresAt)
    {
        public byte[] Value => value;
        public DateTimeOffset ExpiresAt => expiresAt;
    }
}
