using System.Collections.Concurrent;
using IdP.Protocol;

namespace IdP.Server.Storage.Protocol;

/// <summary>
/// Revocations: written durably, answered from memory. Every node reads the new ones every two seconds; a node that could not for five seconds
/// says so instead of guessing (I-5). Rows are read in the order in which they were written, whatever the clocks of the nodes say.
/// </summary>
/// <param name="pace">Measures polls and their age: real time, even where tests move <paramref name="clock"/>.</param>
internal sealed class RevocationList(Database database, TimeProvider clock, TimeProvider pace) : BackgroundService, IRevocations
{
    /// <summary>No access token lives longer.</summary>
    public static readonly TimeSpan LongestAccess = TimeSpan.FromHours(24);

    /// <summary>So many access tokens of one grant are revoked one by one; with the next one the grant ends, and its rows are one.</summary>
    private const int MostTokensOfGrant = 8;

    private readonly string revoke = $"""
        insert into revocations (key, until, at, seq, grant_id) values (@key, @until, @now, {NextSeq(database)}, @grant)
        on conflict (key) do update set at = excluded.at, seq = excluded.seq,
            until = case when excluded.until > revocations.until then excluded.until else revocations.until end
        """;

    // One row at least, for the place to go on from.
    private readonly string read = database.IsPostgres
        ? """
          select s.edge, r.key, r.until, r.at from (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as edge) s
          left join revocations r on r.seq >= @since and r.until > @now
          """
        : """
          select s.edge, r.key, r.until, r.at from (select coalesce(max(seq), 0) as edge from revocations) s
          left join revocations r on r.seq >= @since and r.until > @now
          """;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryAfterFailure = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan MostAge = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, long> tokens = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> grants = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> sessions = new(StringComparer.Ordinal);
    // Since when what the person gave that client before counts no more; an empty client is any.
    private readonly ConcurrentDictionary<(string User, string Client), long> withdrawals = new();
    private readonly SemaphoreSlim turn = new(1, 1);
    private long since;
    private long lastGood;
    private volatile bool loaded;
    // Most of the time nobody has taken anything back, and then nobody is looked up.
    private volatile bool anyWithdrawn;

    public bool IsRevoked(string jti, string? grantId, string? sessionId)
    {
        if (!loaded || pace.GetElapsedTime(Volatile.Read(ref lastGood)) > MostAge)
            throw new StaleKnowledgeException("The revocation list could not be refreshed.");
        return tokens.ContainsKey(jti)
            || (grantId is not null && grants.ContainsKey(grantId))
            || (sessionId is not null && sessions.ContainsKey(sessionId));
    }

    public bool IsWithdrawn(string subject, string clientId, DateTimeOffset givenAt)
    {
        if (!anyWithdrawn)
            return false;
        var given = givenAt.Stored();
        return (withdrawals.TryGetValue((subject, clientId), out var at) && given <= at) || (withdrawals.TryGetValue((subject, ""), out at) && given <= at);
    }

    /// <summary>
    /// What a writer puts into <c>seq</c>. On PostgreSQL its transaction: whatever a reader could not see yet is of the oldest transaction that was still open then, or
    /// of a later one (<c>pg_snapshot_xmin</c>), so that no commit that comes late is passed over. SQLite has one writer at a time, and <see cref="Housekeeping"/> leaves
    /// the last number in the table.
    /// </summary>
    public static string NextSeq(Database database) =>
        database.IsPostgres ? "pg_current_xact_id()::text::bigint" : "(select coalesce(max(seq), 0) + 1 from revocations)";

    public async Task RevokeTokenAsync(string jti, string? grantId, DateTimeOffset until, CancellationToken cancel)
    {
        if (grantId is not null && grants.ContainsKey(grantId))
            return;
        if (grantId is not null && await database.FirstAsync("select count(*) from revocations where grant_id = @grant and until > @now and key <> @key",
            row => row.GetInt64(0), cancel, ("@grant", grantId), ("@now", clock.GetUtcNow().Stored()), ("@key", "jti:" + jti)) >= MostTokensOfGrant)
        {
            await RevokeGrantAsync(grantId, cancel);
            return;
        }

        await database.ExecuteAsync(revoke, cancel, Row("jti:" + jti, until, grantId));
        tokens[jti] = until.Stored();
    }

    public async Task RevokeGrantAsync(string grantId, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        await database.TransactAsync(async lane =>
        {
            await lane.ExecuteAsync("update refresh_families set ended_at = @now where grant_id = @grant and ended_at is null", cancel,
                ("@now", now.Stored()), ("@grant", grantId));
            // Its tokens are dead with it: one row says so.
            await lane.ExecuteAsync("delete from revocations where grant_id = @grant", cancel, ("@grant", grantId));
            return await lane.ExecuteAsync(revoke, cancel, Row("grant:" + grantId, now + LongestAccess));
        }, cancel);
        grants[grantId] = (now + LongestAccess).Stored();
    }

    /// <summary>In the transaction that ends the session; <see cref="RefreshAsync"/> after it commits makes this node know at once.</summary>
    public Task RevokeSessionAsync(Lane lane, string sessionId, CancellationToken cancel) =>
        lane.ExecuteAsync(revoke, cancel, Row("sid:" + sessionId, clock.GetUtcNow() + LongestAccess));

    /// <summary>What was given to that client (null: to any) for this person until now, in the caller's transaction; as above.</summary>
    public Task WithdrawAsync(Lane lane, string userId, string? clientId, CancellationToken cancel) =>
        lane.ExecuteAsync(revoke, cancel, Row(WithdrawalKey(userId, clientId), clock.GetUtcNow() + LongestAccess));

    private (string, object?)[] Row(string key, DateTimeOffset until, string? grantId = null) =>
        [("@key", key), ("@until", until.Stored()), ("@now", clock.GetUtcNow().Stored()), ("@grant", grantId)];

    /// <summary>User ids hold no space, so nobody's client is taken for another's.</summary>
    public static string WithdrawalKey(string userId, string? clientId) => $"app:{userId} {clientId}";

    /// <summary>
    /// Reads what is new since the last time. Reading a row again changes nothing.
    /// </summary>
    public async Task RefreshAsync(CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            var started = pace.GetTimestamp();
            var now = clock.GetUtcNow().Stored();
            var edges = await database.ListAsync(read, row =>
            {
                if (!row.IsDBNull(1))
                    Remember(row.GetString(1), row.GetInt64(2), row.GetInt64(3));
                return row.GetInt64(0);
            }, cancel, ("@since", since), ("@now", now));
            since = edges[0];
            Forget(now);
            Volatile.Write(ref lastGood, started);
            loaded = true;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>A server that has not read the list yet does not start to listen.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        turn.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var wait = Interval;
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(wait, pace, stoppingToken);
            try
            {
                await RefreshAsync(stoppingToken);
                wait = Interval;
            }
            catch (StoreUnavailableException)
            {
                // IsRevoked closes the door by itself when this lasts.
                wait = RetryAfterFailure;
            }
        }
    }

    private void Remember(string key, long until, long at)
    {
        var cut = key.IndexOf(':', StringComparison.Ordinal);
        var (kind, name) = (key[..cut], key[(cut + 1)..]);
        if (kind == "app")
        {
            var end = name.IndexOf(' ', StringComparison.Ordinal);
            withdrawals[(name[..end], name[(end + 1)..])] = at;
            anyWithdrawn = true;
            return;
        }

        (kind switch { "jti" => tokens, "grant" => grants, _ => sessions })[name] = until;
    }

    private void Forget(long now)
    {
        foreach (var (key, at) in withdrawals)
        {
            if (at + (long)LongestAccess.TotalMilliseconds <= now)
                withdrawals.TryRemove(new(key, at));
        }

        anyWithdrawn = !withdrawals.IsEmpty;
        foreach (var kind in (ReadOnlySpan<ConcurrentDictionary<string, long>>)[tokens, grants, sessions])
        {
            foreach (var (key, until) in kind)
            {
                if (until <= now)
                    kind.TryRemove(new(key, until));
            }
        }
    }
}
