using System.Net;
using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.Storage;

namespace IdP.Server.SignIn;

internal abstract record PasswordOutcome
{
    private PasswordOutcome() { }

    /// <param name="Counted">The counters that still count this try as a guess; empty when they were forgotten.</param>
    /// <param name="Epoch">The person's, when the password was read.</param>
    internal sealed record Right(string UserId, DateTimeOffset At, int Epoch, IReadOnlyList<string> Counted) : PasswordOutcome;

    /// <summary>Unknown, locked and wrong alike: same words, same time.</summary>
    internal sealed record Wrong : PasswordOutcome;

    internal sealed record TooMany(TimeSpan RetryAfter) : PasswordOutcome;
}

/// <summary>One password try: counted durably before it is looked at, and looked at with the same effort whether or not the account exists.</summary>
internal sealed class PasswordStep(Users users, GuessLimits limits, AddressGuard addresses, AuditLog audit, TimeProvider clock)
{
    private static readonly TimeSpan AddressWait = TimeSpan.FromMinutes(10);

    /// <param name="ownOf">
    /// What this browser is as a person's own, by id; null when it is none. An own browser is asked about before any ban of the address, so that strangers who
    /// guess, from wherever, delay each other and not the owner. Null: the browser shows nothing that could make it anybody's own.
    /// </param>
    /// <param name="forget">False: the caller has a right password's counters forgotten. Whoever does not leaves it counted as one more guess.</param>
    public async Task<PasswordOutcome> TryAsync(
        string userName, string password, IPAddress? address, CancellationToken cancel, Func<string, Task<string?>>? ownOf = null, bool forget = true)
    {
        var at = clock.GetUtcNow();
        var owner = ownOf is null ? null : await users.FindByLoginAsync(userName, cancel);
        // Asked for nobody too: a cookie that anybody can make up must not make a difference in time.
        var own = ownOf is null ? null : await ownOf(owner?.Id ?? "");
        if (owner is not null && own is not null && await limits.ReserveOwnPasswordAsync(owner.Id, own, cancel) is { } counted)
        {
            var outcome = await LookAsync(owner, counted, userName, password, address, forget, cancel);
            if (outcome is PasswordOutcome.TooMany)
                await addresses.TryAsync(address, at);
            return outcome;
        }

        if (!await addresses.TryAsync(address, at))
            return new PasswordOutcome.TooMany(AddressWait);
        try
        {
            var account = owner ?? await users.FindByLoginAsync(userName, cancel);
            var reservation = await limits.ReservePasswordAsync(account?.Id, userName, cancel);
            var outcome = await LookAsync(account, reservation, userName, password, address, forget, cancel);
            if (outcome is PasswordOutcome.Right)
                await addresses.GiveBackAsync(address, at);
            return outcome;
        }
        catch (Exception problem) when (problem is BusyException or StoreUnavailableException)
        {
            // Our trouble, not a failure of theirs.
            await addresses.GiveBackAsync(address, at);
            throw;
        }
    }

    private async Task<PasswordOutcome> LookAsync(
        UserRecord? account, PasswordReservation reservation, string userName, string password, IPAddress? address, bool forget, CancellationToken cancel)
    {
        if (reservation is PasswordReservation.TooMany tooMany)
            return new PasswordOutcome.TooMany(tooMany.RetryAfter);

        int? right;
        var at = clock.GetUtcNow();
        try
        {
            right = await users.CheckPasswordAsync(reservation is PasswordReservation.Look ? account?.Id : null, password, cancel, HashFor.Of(userName, address));
        }
        catch (AccountBusyException busy)
        {
            await limits.GiveBackAsync(reservation, cancel);
            return new PasswordOutcome.TooMany(busy.RetryAfter);
        }
        catch (BusyException)
        {
            // Nothing was looked at, so nothing is counted: a login storm must not lock honest people out.
            await limits.GiveBackAsync(reservation, cancel);
            throw;
        }

        if (right is not { } epoch || account is not { Disabled: false } || reservation is not PasswordReservation.Look looked)
        {
            // Names that nobody has count as one: who invents names must not fill the database.
            await audit.SumAsync(new AuditEntry("sign-in-failed", UserId: account?.Id, Address: address?.ToString(), Details: "password"),
                $"{account?.Id} {(address is null ? "" : Holder.NameOf(address))}", CancellationToken.None);
            return new PasswordOutcome.Wrong();
        }

        if (forget)
            await limits.SucceededAsync(looked.Counted, cancel);
        return new PasswordOutcome.Right(account.Id, at, epoch, forget ? [] : looked.Counted);
    }
}
