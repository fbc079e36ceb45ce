using System.Net;
using IdP.Server.Storage;

namespace IdP.Server.Accounts;

/// <summary>Whom a hash is computed for; null where that is nobody in particular, such as the server itself.</summary>
/// <param name="Account">A name of the account, normalized, as it was typed: nothing here tells that two names are one account.</param>
/// <param name="Address">As <see cref="Holder.NameOf"/> says.</param>
internal readonly record struct HashFor(string? Account, string? Address)
{
    public static HashFor Of(string typedName, IPAddress? address) =>
        new(UserNames.Normalize(typedName) ?? "", address is null ? null : Holder.NameOf(address));
}

internal enum HashPlace
{
    Given,
    /// <summary>No place is left, or none for this address.</summary>
    QueueFull,
    AccountFull,
}

/// <summary>
/// Who waits for a hash. No account has more than three queued or running, right passwords included. No address holds more than half of the places, and
/// addresses take turns: whoever else comes waits for one hash of a flooding address, not for all of them.
/// </summary>
internal sealed class HashQueue(int most)
{
    private const int MostOfOneAccount = 3;

    // Also what is waited on. The collections of the library spin first, and where every core is busy with a hash that costs each sign-in a fifth of a millisecond.
    private readonly Queue<string> turns = new();
    private readonly Dictionary<string, Queue<(string? Account, Action Work)>> byAddress = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> byAccount = new(StringComparer.Ordinal);
    private int waiting;
    private bool closed;

    public HashPlace TryAdd(HashFor whom, Action work)
    {
        lock (turns)
        {
            var address = whom.Address ?? "";
            var line = byAddress.GetValueOrDefault(address);
            if (closed || waiting >= most || (whom.Address is not null && line?.Count >= most / 2))
                return HashPlace.QueueFull;
            if (whom.Account is { } account)
            {
                var held = byAccount.GetValueOrDefault(account);
                if (held >= MostOfOneAccount)
                    return HashPlace.AccountFull;
                byAccount[account] = held + 1;
            }

            if (line is null)
            {
                byAddress.Add(address, line = new());
                turns.Enqueue(address);
            }

            line.Enqueue((whom.Account, work));
            waiting++;
            Monitor.Pulse(turns);
            return HashPlace.Given;
        }
    }

    /// <summary>Waits for the next, and does it. False when the queue is closed and nothing is left.</summary>
    public bool WorkNext()
    {
        if (Take() is not var (account, work))
            return false;
        try
        {
            work();
        }
        finally
        {
            Release(account);
        }

        return true;
    }

    public void Close()
    {
        lock (turns)
        {
            closed = true;
            Monitor.PulseAll(turns);
        }
    }

    private (string? Account, Action Work)? Take()
    {
        lock (turns)
        {
            while (waiting == 0 && !closed)
                Monitor.Wait(turns);
            if (waiting == 0)
                return null;
            var address = turns.Dequeue();
            var line = byAddress[address];
            var next = line.Dequeue();
            if (line.Count > 0)
                turns.Enqueue(address);
            else
                byAddress.Remove(address);
            waiting--;
            return next;
        }
    }

    private void Release(string? account)
    {
        if (account is null)
            return;
        lock (turns)
        {
            if (--byAccount[account] == 0)
                byAccount.Remove(account);
        }
    }
}
