using System.Data.Common;
using System.Security.Cryptography;
using IdP.Server.Audit;

namespace IdP.Server.Storage.Keys;

/// <summary>The signing keys at rest: PKCS#8 sealed to its kid. Every change is one transaction with its audit row.</summary>
internal sealed class KeyTable(Database database, SecretProtector protector, AuditLog audit, TimeProvider clock)
{
    private const string Purpose = "signing-key";
    private const string Select = "select kid, alg, generation, sealed, created_at, activates_at, retired_at, revoked_at from signing_keys order by alg, generation";

    public Task<List<SigningKeyRow>> ReadAsync(CancellationToken cancel) => database.ListAsync(Select, Read, cancel);

    public SigningKey Open(SigningKeyRow row)
    {
        var pkcs8 = protector.Open(Purpose, row.Sealed, row.Kid);
        try
        {
            return SigningKey.Load(row.Alg, pkcs8);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pkcs8);
        }
    }

    /// <summary>Whether this master key opens what is there; without any keys yet, whether there is or can be a master key at all.</summary>
    /// <exception cref="SealBrokenException">The keys were sealed with another one.</exception>
    public async Task ProveMasterKeyAsync(CancellationToken cancel)
    {
        protector.KeyFor(Purpose);
        Prove(await ReadAsync(cancel));
    }

    /// <summary>
    /// Adds the next generation, unless another node was faster: (alg, generation) is unique, so two nodes that rotate at once make one key.
    /// </summary>
    /// <param name="seen">What the caller based its decision on.</param>
    public Task<bool> AddAsync(IReadOnlyList<SigningKeyRow> seen, string alg, DateTimeOffset activatesAt, string actor, CancellationToken cancel) =>
        database.TransactAsync(lane => AddAsync(lane, seen, alg, activatesAt, "key-made", actor, cancel), cancel);

    /// <summary>The operator's rotation: the announced key, or a new one, takes over once everybody who caches the key set knows it.</summary>
    public Task<SigningKeyRow> RotateAsync(string alg, string actor, CancellationToken cancel) => database.TransactAsync(async lane =>
    {
        var now = clock.GetUtcNow();
        var rows = await lane.ListAsync(Select, Read, cancel);
        Prove(rows);
        if (KeySchedule.Next(rows, alg, now) is { } next)
            await TakeOverAsync(lane, next, Sooner(next.ActivatesAt, now + KeySchedule.Propagation), "key-rotated", actor, cancel);
        else
            await AddAsync(lane, rows, alg, now + KeySchedule.Propagation, "key-rotated", actor, cancel);
        rows = await lane.ListAsync(Select, Read, cancel);
        return rows.Last(r => r.Alg == alg && r.RevokedAt is null);
    }, cancel);

    /// <summary>Not published from now on; a successor signs at once when it was the one that signed. False: no such key, or revoked before.</summary>
    public Task<bool> RevokeAsync(string kid, string actor, CancellationToken cancel) => database.TransactAsync(async lane =>
    {
        var now = clock.GetUtcNow();
        var rows = await lane.ListAsync(Select, Read, cancel);
        if (rows.Find(r => r.Kid == kid && r.RevokedAt is null) is not { } revoked)
            return false;
        var wasActive = KeySchedule.Active(rows, revoked.Alg, now) == revoked;
        revoked.RevokedAt = now;
        await lane.ExecuteAsync("update signing_keys set revoked_at = @now where kid = @kid", cancel, ("@now", Ms(now)), ("@kid", kid));
        await audit.AddAsync(lane, new("key-revoked", actor, Details: $"{revoked.Alg} {kid}"), cancel);
        if (wasActive && KeySchedule.Next(rows, revoked.Alg, now) is { } next)
            await TakeOverAsync(lane, next, now, "key-promoted", actor, cancel);
        else if (wasActive)
            await AddAsync(lane, rows, revoked.Alg, now, "key-made", actor, cancel);
        else
            await ReinstateAsync(lane, rows, revoked, cancel);
        return true;
    }, cancel);

    /// <summary>Destroys private keys that nothing needs any more.</summary>
    public Task PurgeAsync(CancellationToken cancel) => database.ExecuteAsync(
        "delete from signing_keys where retired_at < @dead", cancel, ("@dead", Ms(clock.GetUtcNow() - KeySchedule.Afterlife)));

    private async Task<bool> AddAsync(Lane lane, IReadOnlyList<SigningKeyRow> seen, string alg, DateTimeOffset activatesAt, string action, string actor, CancellationToken cancel)
    {
        // A key sealed with a master key that the others were not sealed with would stop every node.
        Prove(seen);
        var pkcs8 = SigningKey.Generate(alg);
        var kid = SigningKey.Load(alg, pkcs8).Kid;
        var row = new SigningKeyRow
        {
            Kid = kid, Alg = alg, Generation = seen.Where(r => r.Alg == alg).Select(r => r.Generation).DefaultIfEmpty().Max() + 1,
            Sealed = protector.Seal(Purpose, pkcs8, kid), ActivatesAt = activatesAt,
        };
        CryptographicOperations.ZeroMemory(pkcs8);
        var added = await lane.ExecuteAsync(
            """
            insert into signing_keys (kid, alg, generation, sealed, created_at, activates_at)
            values (@kid, @alg, @generation, @sealed, @now, @at)
            on conflict (alg, generation) do nothing
            """, cancel,
            ("@kid", row.Kid), ("@alg", row.Alg), ("@generation", row.Generation), ("@sealed", row.Sealed), ("@now", Ms(clock.GetUtcNow())), ("@at", Ms(activatesAt)));
        if (added == 0)
            return false;
        await TakeOverAsync(lane, row, activatesAt, action, actor, cancel);
        return true;
    }

    /// <summary>Sets when a key begins to sign, and by that when those before it retire.</summary>
    private async Task TakeOverAsync(Lane lane, SigningKeyRow row, DateTimeOffset at, string action, string actor, CancellationToken cancel)
    {
        await lane.ExecuteAsync("update signing_keys set activates_at = @at where kid = @kid", cancel, ("@at", Ms(at)), ("@kid", row.Kid));
        await lane.ExecuteAsync(
            "update signing_keys set retired_at = @at where alg = @alg and generation < @generation and (retired_at is null or retired_at > @at)", cancel,
            ("@at", Ms(at)), ("@alg", row.Alg), ("@generation", row.Generation));
        await audit.AddAsync(lane, new(action, actor, Details: $"{row.Alg} {row.Kid}"), cancel);
    }

    private void Prove(IReadOnlyList<SigningKeyRow> rows)
    {
        if (rows is [.., var known])
            Open(known);
    }

    /// <summary>When an announced key is revoked, the one it was to replace goes on.</summary>
    private static async Task ReinstateAsync(Lane lane, List<SigningKeyRow> rows, SigningKeyRow revoked, CancellationToken cancel)
    {
        if (rows.LastOrDefault(r => r.Alg == revoked.Alg && r.RevokedAt is null) is { } last && last.Generation < revoked.Generation)
            await lane.ExecuteAsync("update signing_keys set retired_at = null where kid = @kid", cancel, ("@kid", last.Kid));
    }

    private static SigningKeyRow Read(DbDataReader row) => new()
    {
        Kid = row.GetString(0),
        Alg = row.GetString(1),
        Generation = row.GetInt32(2),
        Sealed = (byte[])row.GetValue(3),
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(4)),
        ActivatesAt = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(5)),
        RetiredAt = row.IsDBNull(6) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(6)),
        RevokedAt = row.IsDBNull(7) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(7)),
    };

    private static DateTimeOffset Sooner(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    private static long Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds();
}
