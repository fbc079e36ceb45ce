using System.Collections.Concurrent;

namespace IdP.Server.Storage;

/// <summary>What one holder has in the memory store.</summary>
internal sealed class Ledger(ShareLedger share, long most)
{
    private long used;

    public ShareLedger Share => share;
    public long Used => Interlocked.Read(ref used);
    public bool IsOver => Used > most;
    /// <summary>Oldest first; some may be gone.</summary>
    public ConcurrentQueue<string> Keys { get; } = new();

    public void Add(long bytes)
    {
        Interlocked.Add(ref used, bytes);
        share.Add(bytes);
    }
}

/// <summary>What all holders of a share have in the memory store.</summary>
internal sealed class ShareLedger(long most, long mostEach)
{
    private readonly ConcurrentDictionary<string, Ledger> holders = new(StringComparer.Ordinal);
    private long used;

    public bool IsOver => Interlocked.Read(ref used) > most;
    /// <summary>Once it is over, room is made for a while ahead: looking for the largest holder costs a walk over all.</summary>
    public bool IsFull => Interlocked.Read(ref used) > most - (most / 16);
    public IEnumerable<Ledger> Holders => holders.Values;

    public Ledger Of(string holder) => holders.GetOrAdd(holder, static (_, me) => new Ledger(me.Share, me.Most), (Share: this, Most: mostEach));

    public Ledger? Largest() => holders.Values.MaxBy(holder => holder.Used);

    public void Add(long bytes) => Interlocked.Add(ref used, bytes);

    /// <summary>One that is written to at this very moment goes on being counted, but no longer bounds what comes next.</summary>
    public void DropEmpty()
    {
        foreach (var (name, ledger) in holders)
        {
            if (ledger.Used == 0 && ledger.Keys.IsEmpty)
                holders.TryRemove(new(name, ledger));
        }
    }
}
