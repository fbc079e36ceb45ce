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
    // What anybody can cause - a sign-in that begins, a posted request that is put aside, an address that tries - has a share of its own, and the oldest make
    // room for new ones: a flood costs a person at most a new start, and leaves room for all that follows a right password.
    private readonly Share[] shares;
    private readonly TimeProvider clock;
    private readonly long capacity;
    private readonly ITimer sweep;
    private long used;

    /// <param name="capacity">Bytes; beyond it writes are refused as an outage, so that a flood cannot take the process down.</param>
    public MemoryStore(TimeProvider clock, long capacity = 96 << 20)
    {
        (this.clock, this.capacity) = (clock, capacity);
        shares = [new("signin:", capacity / 2), new("par:", capacity / 4), new("addr:", capacity / 8)];
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

        if (ShareOf(key) is { } share)
        {
            if (old is null)
                share.Keys.Enqueue(key);
            MakeRoom(share);
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

        // Once around: a key that lives long must not keep those behind it, which are gone already.
        foreach (var share in shares)
        {
            for (var left = share.Keys.Count; left > 0 && share.Keys.TryDequeue(out var key); left--)
            {
                if (entries.ContainsKey(key))
                    share.Keys.Enqueue(key);
            }
        }
    }

    private void MakeRoom(Share share)
    {
        while (Interlocked.Read(ref share.Used) > share.Most && share.Keys.TryDequeue(out var oldest))
        {
            if (entries.TryRemove(oldest, out var dropped))
                Add(oldest, -Cost(oldest, dropped));
        }
    }

    private long Add(string key, long bytes)
    {
        if (ShareOf(key) is { } share)
            Interlocked.Add(ref share.Used, bytes);
        return Interlocked.Add(ref used, bytes);
    }

    private Share? ShareOf(string key)
    {
        foreach (var share in shares)
        {
            if (key.StartsWith(share.Prefix, StringComparison.Ordinal))
                return share;
        }

        return null;
    }

    private static long Cost(string key, Entry entry) => EntryCost + (2 * key.Length) + entry.Value.Length;

    private sealed class Entry(byte[] value, DateTimeOffset expiresAt)
    {
        public byte[] Value => value;
        public DateTimeOffset ExpiresAt => expiresAt;
    }

    private sealed class Share(string prefix, long most)
    {
        public long Used;

        public string Prefix => prefix;
        public long Most => most;
        /// <summary>Oldest first; some may be gone.</summary>
        public ConcurrentQueue<string> Keys { get; } = new();
    }
}
