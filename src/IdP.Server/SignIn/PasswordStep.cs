using System.Net;
using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.Storage;

namespace IdP.Server.SignIn;

internal abstract record PasswordOutcome
{
    private PasswordOutcome() { }

    /// <param name="Counted">The counters that still count this try as a guess; empty when they were forgotten.</param>
    internal sealed record Right(string UserId, DateTimeOffset At, IReadOnlyList<string> Counted) : PasswordOutcome;

    /// <summary>Unknown, locked and wrong alike: same words, same time.</summary>
    internal sealed record Wrong : PasswordOutcome;

    internal sealed record TooMany(TimeSpan RetryAfter) : PasswordOutcome;
}

/// <summary>One password try: counted durably before it is looked at, and looked at with the same effort whether or not the account exists.</summary>
internal sealed class PasswordStep(Users users, GuessLimits limits, AddressGuard addresses, AuditLog audit, TimeProvider clock)
{
    private static readonly TimeSpan AddressWait = TimeSpan.FromMinutes(10);

    /// <param name="deviceOf">The trusted device that this browser is for a person, by id; null when it is none.</param>
    /// <param name="forget">False: the caller has a right password's counters forgotten. Whoever does not leaves it counted as one more guess.</param>
    public async Task<PasswordOutcome> TryAsync(
        string userName, string password, IPAddress? address, CancellationToken cancel, Func<string, Task<string?>>? deviceOf = null, bool forget = true)
    {
        var at = clock.GetUtcNow();
        if (!await addresses.TryAsync(address, at))
            return new PasswordOutcome.TooMany(AddressWait);
        try
        {
            var outcome = await LookAsync(userName, password, address, deviceOf, forget, cancel);
            if (outcome is not PasswordOutcome.Wrong)
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

    private async Task<PasswordOutcome> LookAsync(string userName, string password, IPAddress? address, Func<string, Task<string?>>? deviceOf, bool forget, CancellationToken cancel)
    {
        var account = await users.FindByLoginAsync(userName, cancel);
        var device = account is null || deviceOf is null ? null : await deviceOf(account.Id);
        var reservation = await limits.ReservePasswordAsync(account?.Id, userName, cancel, device);
        if (reservation is PasswordReservation.TooMany tooMany)
            return new PasswordOutcome.TooMany(tooMany.RetryAfter);

        bool right;
        // Before it is looked at: a change that begins meanwhile is a later one, and no session begins with what it replaced.
        var at = clock.GetUtcNow();
        try
        {
            right = await users.CheckPasswordAsync(reservation is PasswordReservation.Look ? account?.Id : null, password, cancel) && account is { Disabled: false };
        }
        catch (BusyException)
        {
            // Nothing was looked at, so nothing is counted: a login storm must not lock honest people out.
            await limits.GiveBackAsync(reservation, cancel);
            throw;
        }

        if (!right || reservation is not PasswordReservation.Look looked)
        {
            // Names that nobody has count as one: who invents names must not fill the database.
            await audit.SumAsync(new AuditEntry("sign-in-failed", UserId: account?.Id, Address: address?.ToString(), Details: "password"),
                $"{account?.Id} {(address is null ? "" : AddressGuard.NameOf(address))}", CancellationToken.None);
            return new PasswordOutcome.Wrong();
        }

        if (forget)
            await limits.SucceededAsync(looked.Counted, cancel);
        return new PasswordOutcome.Right(account!.Id, at, forget ? [] : looked.Counted);
    }
}
