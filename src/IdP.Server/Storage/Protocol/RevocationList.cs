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
    private readonly SemaphoreSlim turn = new(1, 1);
    private long newest;
    private long lastGood;
    private volatile bool loaded;

    public bool IsRevoked(string jti, string? grantId, string? sessionId)
    {
        if (!loaded || pace.GetElapsedTime(Volatile.Read(ref lastGood)) > MostAge)
            throw new StaleKnowledgeException("The revocation list could not be refreshed.");
        return tokens.ContainsKey(jti)
            || (grantId is not null && grants.ContainsKey(grantId))
            || (sessionId is not null && sessions.ContainsKey(sessionId));
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
        var kind = key[..cut] switch { "jti" => tokens, "grant" => grants, _ => sessions };
        kind[key[(cut + 1)..]] = until;
        return true;
    }

    private void Forget(long now)
    {
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
