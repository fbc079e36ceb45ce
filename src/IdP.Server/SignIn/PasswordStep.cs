using System.Net;
using IdP.Server.Accounts;
using IdP.Server.Audit;

namespace IdP.Server.SignIn;

internal abstract record PasswordOutcome
{
    private PasswordOutcome() { }

    internal sealed record Right(string UserId, DateTimeOffset At) : PasswordOutcome;

    /// <summary>Unknown, locked and wrong alike: same words, same time.</summary>
    internal sealed record Wrong : PasswordOutcome;

    internal sealed record TooMany(TimeSpan RetryAfter) : PasswordOutcome;
}

/// <summary>One password try: counted durably before it is looked at, and looked at with the same effort whether or not the account exists.</summary>
internal sealed class PasswordStep(Users users, GuessLimits limits, AddressGuard addresses, AuditLog audit, TimeProvider clock)
{
    private static readonly TimeSpan AddressWait = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan StoppedWait = TimeSpan.FromHours(1);

    public async Task<PasswordOutcome> TryAsync(string userName, string password, IPAddress? address, CancellationToken cancel)
    {
        if (await addresses.IsBannedAsync(address, cancel))
            return new PasswordOutcome.TooMany(AddressWait);

        var account = await users.FindByLoginAsync(userName, cancel);
        var key = GuessLimits.PasswordKey(account?.Id, userName);
        switch (await limits.TryReserveAsync(key, cancel))
        {
            case GuessAnswer.TooMany tooMany: return new PasswordOutcome.TooMany(tooMany.RetryAfter);
            case GuessAnswer.Stopped: return new PasswordOutcome.TooMany(StoppedWait);
        }

        bool right;
        try
        {
            right = await users.CheckPasswordAsync(account?.Id, password, cancel) && account is { Disabled: false };
        }
        catch (BusyException)
        {
            // Nothing was looked at, so nothing is counted: a login storm must not lock honest people out.
            await limits.GiveBackAsync(key, cancel);
            throw;
        }

        if (!right)
        {
            await addresses.FailedAsync(address, cancel);
            await audit.WriteAsync(new AuditEntry("sign-in-failed", UserId: account?.Id, Address: address?.ToString(), Details: "password"), cancel);
            return new PasswordOutcome.Wrong();
        }

        await limits.SucceededAsync(key, cancel);
        return new PasswordOutcome.Right(account!.Id, clock.GetUtcNow());
    }
}
