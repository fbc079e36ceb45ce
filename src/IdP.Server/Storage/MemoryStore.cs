using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace IdP.Server.Storage;

/// <summary>The ephemeral store of a single node: this process's memory, bounded, swept every ten seconds.</summary>
internal sealed class MemoryStore : IEphemeralStore, IDisposable
{
    public const long UsualCapacity = 96 << 20;

    /// <summary>What an entry costs beside its key and value, roughly.</summary>
    private const int EntryCost = 160;

    private readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Share, ShareLedger> shares = new();
    private readonly Ledger counters;
    private readonly Lock makingRoom = new();
    private readonly TimeProvider clock;
    private readonly long capacity;
    private readonly ITimer sweep;
    private long used;

    /// <param name="capacity">Bytes; beyond it writes are refused as an outage, so that a flood cannot take the process down.</param>
    public MemoryStore(TimeProvider clock, long capacity = UsualCapacity)
    {
        (this.clock, this.capacity) = (clock, capacity);
        counters = new ShareLedger(long.MaxValue, capacity / Share.OfCounters).Of("");
        sweep = clock.CreateTimer(_ => Sweep(), null, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10));
    }

    public Task SetAsync(string key, byte[] value, TimeSpan life, Holder holder, CancellationToken cancel)
    {
        var entry = Make(key, value, life, holder);
        while (!Swap(key, Known(key), entry)) { }
        return Task.CompletedTask;
    }

    public ValueTask<byte[]?> GetAsync(string key, CancellationToken cancel) => new(Alive(Known(key))?.Value);

    public Task<byte[]?> TakeAsync(string key, CancellationToken cancel)
    {
        if (!entries.TryRemove(key, out var taken))
            return Task.FromResult<byte[]?>(null);
        Forget(taken);
        return Task.FromResult(Alive(taken)?.Value);
    }

    public Task<bool> AddAsync(string key, byte[] value, TimeSpan life, Holder holder, CancellationToken cancel)
    {
        var entry = Make(key, value, life, holder);
        while (true)
        {
            var known = Known(key);
            if (Alive(known) is not null)
                return Task.FromResult(false);
            if (Swap(key, known, entry))
                return Task.FromResult(true);
        }
    }

    public Task<bool> ReplaceAsync(string key, byte[] expected, byte[] value, TimeSpan life, Holder holder, CancellationToken cancel)
    {
        var entry = Make(key, value, life, holder);
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
        var ledger = key.StartsWith(Share.CounterPrefix, StringComparison.Ordinal) ? counters : null;
        while (true)
        {
            var known = Known(key);
            var alive = Alive(known);
            var count = alive is null ? 1 : long.Parse(alive.Value, CultureInfo.InvariantCulture) + 1;
            var value = Encoding.ASCII.GetBytes(count.ToString(CultureInfo.InvariantCulture));
            if (Swap(key, known, new Entry(key, value, alive?.ExpiresAt ?? clock.GetUtcNow() + window, ledger)))
                return Task.FromResult(count);
        }
    }

    public Task RemoveAsync(string key, CancellationToken cancel) => TakeAsync(key, cancel);

    public void Dispose() => sweep.Dispose();

    private Entry? Known(string key) => entries.GetValueOrDefault(key);

    private Entry? Alive(Entry? entry) => entry is not null && entry.ExpiresAt > clock.GetUtcNow() ? entry : null;

    private Entry Make(string key, byte[] value, TimeSpan life, Holder holder) =>
        new(key, value, clock.GetUtcNow() + life, LedgerOf(holder.Share).Of(holder.Name));

    private ShareLedger LedgerOf(Share share) => shares.GetOrAdd(
        share, static (share, all) => new(share.OfAll is { } part ? all / part : long.MaxValue, all / share.OfEach), capacity);

    /// <summary>The one conditional write: entries are compared by identity.</summary>
    private bool Swap(string key, Entry? old, Entry next)
    {
        var growth = next.Cost - (old?.Cost ?? 0);
        if (Interlocked.Add(ref used, growth) > capacity && growth > 0)
        {
            Interlocked.Add(ref used, -growth);
            throw new StoreUnavailableException("The in-process store is full.");
        }

        if (!(old is null ? entries.TryAdd(key, next) : entries.TryUpdate(key, next, old)))
        {
            Interlocked.Add(ref used, -growth);
            return false;
        }

        old?.Ledger?.Add(-old.Cost);
        if (next.Ledger is { } ledger)
        {
            ledger.Add(next.Cost);
            if (old?.Ledger != ledger)
                ledger.Keys.Enqueue(key);
            MakeRoom(ledger, next);
        }

        return true;
    }

    private void MakeRoom(Ledger ledger, Entry written)
    {
        while (ledger.IsOver && DropOldest(ledger, written)) { }
        if (!ledger.Share.IsOver)
            return;
        lock (makingRoom)
        {
            // Down to half of what the largest holds, then perhaps another is the largest.
            while (ledger.Share.IsFull && ledger.Share.Largest() is { Used: > 0 } largest)
            {
                var half = largest.Used / 2;
                while (ledger.Share.IsFull && largest.Used > half)
                {
                    if (!DropOldest(largest, written))
                        return;
                }
            }
        }
    }

    /// <summary>False when there is nothing left to drop but what was just written.</summary>
    private bool DropOldest(Ledger ledger, Entry written)
    {
        var spared = false;
        while (ledger.Keys.TryDequeue(out var key))
        {
            if (Known(key) is not { } entry || entry.Ledger != ledger)
                continue;
            if (entry == written)
            {
                ledger.Keys.Enqueue(key);
                if (spared)
                    return false;
                spared = true;
                continue;
            }

            if (!entries.TryRemove(new(key, entry)))
                continue;
            Forget(entry);
            return true;
        }

        return false;
    }

    private void Sweep()
    {
        foreach (var (key, entry) in entries)
        {
            if (Alive(entry) is null && entries.TryRemove(new(key, entry)))
                Forget(entry);
        }

        Tidy(counters);
        foreach (var share in shares.Values)
        {
            foreach (var ledger in share.Holders)
                Tidy(ledger);
            share.DropEmpty();
        }
    }

    // Once around: a key that lives long must not keep those behind it, which are gone already.
    private void Tidy(Ledger ledger)
    {
        for (var left = ledger.Keys.Count; left > 0 && ledger.Keys.TryDequeue(out var key); left--)
        {
            if (entries.ContainsKey(key))
                ledger.Keys.Enqueue(key);
        }
    }

    private void Forget(Entry entry)
    {
        Interlocked.Add(ref used, -entry.Cost);
        entry.Ledger?.Add(-entry.Cost);
    }

    private sealed class Entry(string key, byte[] value, DateTimeOffset expiresAt, Ledger? ledger)
    {
        public byte[] Value => value;
        public DateTimeOffset ExpiresAt => expiresAt;
        public Ledger? Ledger => ledger;
        public long Cost { get; } = EntryCost + (2 * key.Length) + value.Length;
    }
}
