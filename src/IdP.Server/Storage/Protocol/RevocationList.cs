using System.Collections.Concurrent;
using IdP.Protocol;

namespace IdP.Server.Storage.Protocol;

/// <summary>
/// Revocations: written durably, answered from memory. Every node reads the new ones every two seconds; a node that could not for five seconds
/// says so instead of guessing (I-5). Rows are dated by the node that wrote them, so nodes' clocks must agree within <see cref="Overlap"/>.
/// </summary>
/// <param name="pace">Measures polls and their age: real time, even where tests move <paramref name="clock"/>.</param>
internal sealed class RevocationList(Database database, TimeProvider clock, TimeProvider pace) : BackgroundService, IRevocations
{
    /// <summary>No access token lives longer.</summary>
    public static readonly TimeSpan LongestAccess = TimeSpan.FromHours(24);

    private const string Revoke = """
        insert into revocations (key, until, at) values (@key, @until, @now)
        on conflict (key) do update set at = excluded.at,
            until = case when excluded.until > revocations.until then excluded.until else revocations.until end
        """;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryAfterFailure = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan MostAge = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, long> tokens = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> grants = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> sessions = new(StringComparer.Ordinal);
    // Since when what the person gave that client before counts no more; an empty client is any.
    private readonly ConcurrentDictionary<(string User, string Client), long> withdrawals = new();
    private readonly SemaphoreSlim turn = new(1, 1);
    private long newest;
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

    public async Task RevokeTokenAsync(string jti, DateTimeOffset until, CancellationToken cancel)
    {
        await database.ExecuteAsync(Revoke, cancel, ("@key", "jti:" + jti), ("@until", until.Stored()), ("@now", clock.GetUtcNow().Stored()));
        tokens[jti] = until.Stored();
    }

    public async Task RevokeGrantAsync(string grantId, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        await database.TransactAsync(async lane =>
        {
            await lane.ExecuteAsync("update refresh_families set ended_at = @now where grant_id = @grant and ended_at is null", cancel,
                ("@now", now.Stored()), ("@grant", grantId));
            return await lane.ExecuteAsync(Revoke, cancel, ("@key", "grant:" + grantId), ("@until", (now + LongestAccess).Stored()), ("@now", now.Stored()));
        }, cancel);
        grants[grantId] = (now + LongestAccess).Stored();
    }

    /// <summary>In the transaction that ends the session; <see cref="RefreshAsync"/> after it commits makes this node know at once.</summary>
    public Task RevokeSessionAsync(Lane lane, string sessionId, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        return lane.ExecuteAsync(Revoke, cancel, ("@key", "sid:" + sessionId), ("@until", (now + LongestAccess).Stored()), ("@now", now.Stored()));
    }

    /// <summary>What was given to that client (null: to any) for this person until now, in the caller's transaction; as above.</summary>
    public Task WithdrawAsync(Lane lane, string userId, string? clientId, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        return lane.ExecuteAsync(Revoke, cancel, ("@key", WithdrawalKey(userId, clientId)), ("@until", (now + LongestAccess).Stored()), ("@now", now.Stored()));
    }

    /// <summary>User ids hold no space, so nobody's client is taken for another's.</summary>
    public static string WithdrawalKey(string userId, string? clientId) => $"app:{userId} {clientId}";

    /// <summary>
    /// Reads what is new since the last time, by the newest date seen but not beyond this node's own clock: one row dated in the future hides nothing.
    /// Reading a row again changes nothing.
    /// </summary>
    public async Task RefreshAsync(CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            var started = pace.GetTimestamp();
            var now = clock.GetUtcNow().Stored();
            await database.ListAsync("select key, until, at from revocations where at >= @since and until > @now",
                row => Remember(row.GetString(0), row.GetInt64(1), row.GetInt64(2)), cancel,
                ("@since", Math.Min(newest, now) - (long)Overlap.TotalMilliseconds), ("@now", now));
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

    private bool Remember(string key, long until, long at)
    {
        newest = Math.Max(newest, at);
        var cut = key.IndexOf(':', StringComparison.Ordinal);
        var (kind, name) = (key[..cut], key[(cut + 1)..]);
        if (kind == "app")
        {
            var end = name.IndexOf(' ', StringComparison.Ordinal);
            withdrawals[(name[..end], name[(end + 1)..])] = at;
            anyWithdrawn = true;
            return true;
        }

        (kind switch { "jti" => tokens, "grant" => grants, _ => sessions })[name] = until;
        return true;
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
