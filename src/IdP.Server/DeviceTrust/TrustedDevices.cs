using System.Buffers.Text;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.Hosting;
using IdP.Server.Storage;

namespace IdP.Server.DeviceTrust;

/// <summary>
/// Trusted devices at rest: an id, the hash of a secret that changes at every use, a fixed end. A secret that was replaced is good for ten seconds more
/// (requests at once, an answer that was lost); shown later, somebody has a copy: the device, the sessions it brought and their tokens end, and the owner is told.
/// </summary>
internal sealed class TrustedDevices(
    Database database, TrustEnding ending, SessionEnding sessions, AccountWatchers watchers, AuditLog audit, SecretProtector protector, IdpOptions options, TimeProvider clock)
{
    private const string Select = "select id, user_id, proofs_json, created_at, expires_at, secret_hash, previous_hash, rotated_at, user_agent, address, last_used_at from trusted_devices";
    private const string Alive = "ended_at is null and expires_at > @now";
    private const int LongestAgent = 300;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly byte[] successors = protector.KeyFor("trusted-device");

    /// <summary>
    /// The living device behind a cookie of this person, for reading only: nothing rotates. Null for no, unknown, another's or ended device; a copy of an
    /// old secret ends it here and now.
    /// </summary>
    public async Task<TrustedDevice?> FindAsync(string userId, TrustToken? shown, By by, CancellationToken cancel)
    {
        if (shown is null || !options.TrustedDevices.Enabled)
            return null;
        var now = clock.GetUtcNow();
        var row = await database.FirstAsync($"{Select} where id = @id and user_id = @user and {Alive}", Read, cancel, ("@id", shown.DeviceId), ("@user", userId), ("@now", now.Stored()));
        if (row is null)
            return null;
        if (row.Knows(Handles.Hash(shown.Secret), now - Grace))
            return row.Device;
        await ReplayedAsync(userId, shown, by, cancel);
        return null;
    }

    /// <summary>
    /// In the transaction of the session that the device spares the second step: the secret to show next time. Of many at once one rotates, and all get the
    /// same answer. Null when the device is not good any more; then nothing may be built on it.
    /// </summary>
    public async Task<TrustToken?> UseAsync(Lane lane, string userId, TrustToken shown, By by, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var next = shown with { Secret = SuccessorOf(shown) };
        (string, object?)[] values =
        [
            ("@id", shown.DeviceId), ("@user", userId), ("@shown", Handles.Hash(shown.Secret)), ("@next", Handles.Hash(next.Secret)), ("@now", now.Stored()),
        ];
        if (await lane.ExecuteAsync($"""
            update trusted_devices set previous_hash = secret_hash, secret_hash = @next, rotated_at = @now, last_used_at = @now, user_agent = @agent, address = @address
            where id = @id and user_id = @user and secret_hash = @shown and {Alive}
            """, cancel, [.. values, ("@agent", by.UserAgent.Storable(LongestAgent)), ("@address", by.Address)]) == 1)
            return next;
        var late = await lane.FirstAsync(
            $"select count(*) from trusted_devices where id = @id and user_id = @user and previous_hash = @shown and secret_hash = @next and rotated_at > @edge and {Alive}",
            row => row.GetInt64(0), cancel, [.. values, ("@edge", (now - Grace).Stored())]);
        return late == 1 ? next : null;
    }

    /// <summary>In the transaction of the session in which the second factors were really done.</summary>
    public async Task<TrustToken> GiveAsync(Lane lane, string userId, IReadOnlyList<FactorProof> factors, By by, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var token = new TrustToken(Handles.NewId(), Handles.New());
        await ending.EndOldestAsync(lane, userId, options.TrustedDevices.MaximumPerPerson - 1, by, cancel);
        await lane.ExecuteAsync("""
            insert into trusted_devices (id, user_id, secret_hash, proofs_json, user_agent, address, created_at, last_used_at, expires_at)
            values (@id, @user, @secret, @proofs, @agent, @address, @now, @now, @expires)
            """, cancel, ("@id", token.DeviceId), ("@user", userId), ("@secret", Handles.Hash(token.Secret)),
            ("@proofs", JsonSerializer.Serialize(new Proofs { Factors = factors }, AccountJson.Default.Proofs)),
            ("@agent", by.UserAgent.Storable(LongestAgent)), ("@address", by.Address), ("@now", now.Stored()), ("@expires", (now + Life).Stored()));
        await audit.AddAsync(lane, new("device-trusted", by.Actor, userId, Address: by.Address, Details: token.DeviceId), cancel);
        return token;
    }

    /// <summary>How long trust lasts; use does not make it longer.</summary>
    public TimeSpan Life => TimeSpan.FromDays(options.TrustedDevices.Days);

    /// <summary>The living ones, the one used last first.</summary>
    /// <param name="shown">What the asking browser shows, to say which one it is.</param>
    public Task<List<TrustedDeviceView>> ListAsync(string userId, TrustToken? shown, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var hash = shown is null ? [] : Handles.Hash(shown.Secret);
        return database.ListAsync($"{Select} where user_id = @user and {Alive} order by last_used_at desc, id", row => ViewOf(row, shown, hash, now - Grace), cancel,
            ("@user", userId), ("@now", now.Stored()));
    }

    /// <summary>False when it is another's, or gone already.</summary>
    public async Task<bool> RemoveAsync(string userId, string deviceId, By by, CancellationToken cancel)
    {
        if (!Handles.IsId(deviceId))
            return false;
        var removed = await database.TransactAsync(async lane =>
        {
            await Users.HoldAsync(lane, userId, cancel);
            if (!await ending.EndAsync(lane, userId, deviceId, by, cancel))
                return false;
            await audit.AddAsync(lane, new("trusted-device-removed", by.Actor, userId, Address: by.Address, Details: deviceId), cancel);
            return true;
        }, cancel);
        await sessions.TellAsync(cancel);
        return removed;
    }

    /// <summary>How many there were.</summary>
    public async Task<int> RemoveAllAsync(string userId, By by, CancellationToken cancel)
    {
        var removed = await database.TransactAsync(async lane =>
        {
            var ended = await ending.EndAllAsync(lane, userId, by, cancel);
            if (ended > 0)
                await audit.AddAsync(lane, new("trusted-devices-ended", by.Actor, userId, Address: by.Address, Details: "Removed"), cancel);
            return ended;
        }, cancel);
        await sessions.TellAsync(cancel);
        return removed;
    }

    // Decided by the statement itself and not by the row as it was read: a rotation meanwhile may have made the secret the one before, which is good.
    private async Task ReplayedAsync(string userId, TrustToken shown, By by, CancellationToken cancel)
    {
        var ended = await database.TransactAsync(async lane =>
        {
            var now = clock.GetUtcNow();
            await Users.HoldAsync(lane, userId, cancel);
            if (await lane.ExecuteAsync($"""
                update trusted_devices set ended_at = @now where id = @id and user_id = @user and secret_hash <> @shown
                    and (previous_hash is null or previous_hash <> @shown or rotated_at <= @edge) and {Alive}
                """, cancel, ("@id", shown.DeviceId), ("@user", userId), ("@shown", Handles.Hash(shown.Secret)), ("@now", now.Stored()), ("@edge", (now - Grace).Stored())) == 0)
                return false;
            await sessions.EndDeviceAsync(lane, userId, shown.DeviceId, exceptSid: null, cancel);
            await audit.AddAsync(lane, new("trusted-device-replayed", "system", userId, Address: by.Address, Details: shown.DeviceId), cancel);
            await watchers.TellAsync(lane, new(userId, AccountChangeKind.DeviceStolen, by), cancel);
            return true;
        }, cancel);
        if (ended)
            await sessions.TellAsync(cancel);
    }

    // Follows from the secret before and a key that only the server has, so that whoever repeats a use within the grace is told the same.
    private string SuccessorOf(TrustToken token) => Base64Url.EncodeToString(HMACSHA256.HashData(successors, Encoding.ASCII.GetBytes(token.ToCookie())));

    private static Row Read(DbDataReader row) => new(
        new TrustedDevice(row.GetString(0), row.GetString(1), JsonSerializer.Deserialize(row.GetString(2), AccountJson.Default.Proofs)!.Factors, row.Time(3), row.Time(4)),
        row.Bytes(5), row.BytesOrNull(6), row.TimeOrNull(7));

    private static TrustedDeviceView ViewOf(DbDataReader row, TrustToken? shown, byte[] hash, DateTimeOffset edge)
    {
        var (id, kept) = (row.GetString(0), Read(row));
        return new(id, row.TextOrNull(8), row.TextOrNull(9), kept.Device.GivenAt, row.Time(10), kept.Device.ExpiresAt, shown?.DeviceId == id && kept.Knows(hash, edge));
    }

    private sealed record Row(TrustedDevice Device, byte[] Secret, byte[]? Previous, DateTimeOffset? RotatedAt)
    {
        public bool Knows(byte[] shown, DateTimeOffset edge) =>
            CryptographicOperations.FixedTimeEquals(Secret, shown) || (RotatedAt > edge && Previous is not null && CryptographicOperations.FixedTimeEquals(Previous, shown));
    }
}
