using IdP.Server.Factors;
using IdP.Server.Storage;

namespace IdP.Server.Accounts;

/// <summary>A change that matters for one account's safety.</summary>
internal enum AccountChangeKind
{
    FactorBound,
    FactorUnbound,
    /// <summary>One binding took the place of another of the same kind.</summary>
    FactorRebound,
    PasswordChanged,
    EmailChanged,
    AccountDisabled,
    /// <summary>The owner says that somebody else is at work: nothing given so far is trusted.</summary>
    Disowned,
    /// <summary>A trusted device's old secret was shown: somebody has a copy of its cookie. The device is out already.</summary>
    DeviceStolen,
    /// <summary>A sign-in from a browser that this person never signed in with.</summary>
    NewBrowser,
    /// <summary>The account goes; each watcher deletes what its tables hold of the person.</summary>
    AccountRemoved,
}

/// <param name="Factor">The kind of factor, for the changes that concern one.</param>
internal sealed record AccountChange(string UserId, AccountChangeKind Kind, By By, string? Factor = null)
{
    /// <summary>The moment that what was written is dated with; null where nothing is told from it.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>For <see cref="AccountChangeKind.EmailChanged"/>: where the owner could be reached before; null: nowhere.</summary>
    public KnownEmail? OldEmail { get; init; }

    /// <summary>The binding that came to be.</summary>
    public FactorBinding? Bound { get; init; }

    /// <summary>The binding that was taken away, or whose place another took.</summary>
    public FactorBinding? Unbound { get; init; }

    /// <summary>By the person, or by somebody in their name. What an operator did is not for a link in a mail to undo.</summary>
    public bool InTheirName => By.Actor == UserId;
}

/// <param name="Verified">What apps are told of it.</param>
internal sealed record KnownEmail(string Address, bool Verified);

/// <summary>
/// Acts on a change in the change's own transaction, so that both happen or neither: trusted devices go, the owner is told.
/// Uses the lane and nothing else of the database.
/// </summary>
internal interface IAccountWatcher
{
    Task OnChangeAsync(Lane lane, AccountChange change, CancellationToken cancel);
}

/// <summary>All who watch, told one after the other.</summary>
internal sealed class AccountWatchers(IEnumerable<IAccountWatcher> watchers)
{
    private readonly IAccountWatcher[] all = [.. watchers];

    public async Task TellAsync(Lane lane, AccountChange change, CancellationToken cancel)
    {
        foreach (var watcher in all)
            await watcher.OnChangeAsync(lane, change, cancel);
    }
}
