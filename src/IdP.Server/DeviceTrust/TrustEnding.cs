using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.Storage;

namespace IdP.Server.DeviceTrust;

/// <summary>
/// How trust ends: the row keeps its tombstone, and the sessions the device brought end with it, their tokens included. Watches the accounts, so that
/// trust ends in the very commit of the change that makes it worthless.
/// </summary>
internal sealed class TrustEnding(SessionEnding sessions, AuditLog audit, TimeProvider clock) : IAccountWatcher
{
    private const string Living = "select id from trusted_devices where user_id = @user and ended_at is null";

    public async Task OnChangeAsync(Lane lane, AccountChange change, CancellationToken cancel)
    {
        if (change.Kind == AccountChangeKind.AccountRemoved)
        {
            await lane.ExecuteAsync("delete from trusted_devices where user_id = @user", cancel, ("@user", change.UserId));
            await lane.ExecuteAsync("delete from known_browsers where user_id = @user", cancel, ("@user", change.UserId));
        }

        if (!EndsTrust(change.Kind))
            return;
        var ended = await EndAllAsync(lane, change.UserId, change.By, cancel);
        if (ended > 0)
            await audit.AddAsync(lane, new("trusted-devices-ended", change.By.Actor, change.UserId, Address: change.By.Address, Details: change.Kind.ToString()), cancel);
    }

    /// <summary>What was proven when trust was given is not what would be asked for now, or somebody else may be at work.</summary>
    public static bool EndsTrust(AccountChangeKind kind) => kind is
        AccountChangeKind.FactorBound or AccountChangeKind.FactorUnbound or AccountChangeKind.FactorRebound
        or AccountChangeKind.PasswordChanged or AccountChangeKind.AccountDisabled or AccountChangeKind.Disowned;

    /// <summary>How many there were. The session that does it stays.</summary>
    public async Task<int> EndAllAsync(Lane lane, string userId, By by, CancellationToken cancel)
    {
        await Users.HoldAsync(lane, userId, cancel);
        var devices = await lane.ListAsync(Living, row => row.GetString(0), cancel, ("@user", userId));
        foreach (var device in devices)
            await EndAsync(lane, userId, device, by, cancel);
        return devices.Count;
    }

    /// <summary>Room for one more: the oldest go.</summary>
    public async Task EndOldestAsync(Lane lane, string userId, int keep, By by, CancellationToken cancel)
    {
        var now = clock.GetUtcNow().Stored();
        // Two at once must not both see room: whoever gives trust to this person waits here for the other.
        await Users.HoldAsync(lane, userId, cancel);
        var devices = await lane.ListAsync(Living + " and expires_at > @now order by created_at desc, id", row => row.GetString(0), cancel, ("@user", userId), ("@now", now));
        foreach (var device in devices.Skip(keep))
            await EndAsync(lane, userId, device, by, cancel);
    }

    /// <summary>The caller holds the person. False when it is another's, or had ended before.</summary>
    public async Task<bool> EndAsync(Lane lane, string userId, string deviceId, By by, CancellationToken cancel)
    {
        if (await lane.ExecuteAsync("update trusted_devices set ended_at = @now where id = @id and user_id = @user and ended_at is null", cancel,
            ("@id", deviceId), ("@user", userId), ("@now", clock.GetUtcNow().Stored())) == 0)
            return false;
        await sessions.EndDeviceAsync(lane, userId, deviceId, by.SessionId, cancel);
        return true;
    }
}
