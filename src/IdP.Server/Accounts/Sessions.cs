using System.Data.Common;
using System.Text.Json;
using IdP.Server.Audit;
using IdP.Server.Hosting;
using IdP.Server.Storage;
using IdP.Server.Storage.Protocol;

namespace IdP.Server.Accounts;

/// <summary>
/// Browser sessions. The cookie is a random handle, kept here as its hash and new at every authentication. A session lives
/// SignIn:SessionLifetime from the last typed password; answers are at most three seconds old.
/// </summary>
internal sealed class Sessions(Database database, SessionEnding ending, AuditLog audit, IdpOptions options, TimeProvider clock)
{
    private const string Select = "select s.id, s.user_id, s.proofs_json, s.created_at, s.expires_at, s.user_agent, s.address, s.device_id, u.epoch from sessions s join users u on u.id = s.user_id";
    private const string Alive = "s.ended_at is null and s.expires_at > @now and not u.disabled";

    private const string Insert = """
        insert into sessions (id, handle_hash, user_id, proofs_json, created_at, expires_at, user_agent, address, device_id)
        select @id, @hash, @user, @proofs, @now, @expires, @agent, @address, nullif(@device, '') from users u where u.id = @user and
        """ + Current;

    // PostgreSQL: waits for whoever is just ending everything, and then sees what that has changed. SQLite has one writer.
    private const string InsertOnPostgres = Insert + " for share of u";
    private const string Hold = "select 1 from users where id = @user for share";

    private const string Continue = """
        update sessions set handle_hash = @hash, proofs_json = @proofs, expires_at = @expires, user_agent = @agent, address = @address,
            device_id = coalesce(nullif(@device, ''), device_id)
        where id = @id and user_id = @user and ended_at is null and expires_at > @now and exists (select 1 from users u where u.id = @user and
        """ + Current + ")";

    // What was proven before the epoch was raised proves nothing any more, and nobody signs in to a disabled account.
    internal const string Current = " not u.disabled and u.epoch = @epoch";

    private const int LongestAgent = 300;

    private readonly TimedCache<string, Session?> byHandle = UntilTold(ending, clock);

    /// <summary>Null for no, unknown, ended or expired handles, and for disabled people.</summary>
    public async ValueTask<Session?> FindAsync(string? handle, CancellationToken cancel)
    {
        if (handle is not { Length: > 0 and <= 100 })
            return null;
        var session = await byHandle.GetAsync(Handles.HashText(handle), _ => ReadAsync(handle), cancel);
        return session is not null && session.ExpiresAt > clock.GetUtcNow() ? session : null;
    }

    /// <summary>The same as it stands now: for what another request has just written.</summary>
    public ValueTask<Session?> FindFreshAsync(string? handle, CancellationToken cancel)
    {
        if (handle is { Length: > 0 and <= 100 })
            byHandle.Forget(Handles.HashText(handle));
        return FindAsync(handle, cancel);
    }

    /// <summary>
    /// After every authentication: goes on with <paramref name="replaces"/>, the same person's session, under a new handle that makes the old one worthless;
    /// without it starts another session. The handle goes into the cookie and nowhere else.
    /// Null when that session has ended meanwhile, or the person's epoch was raised or the account disabled: the proofs count for nothing any more, and the
    /// caller must decide again without them. Lock order: the person's row, a device's (<see cref="SessionCompany.Before"/>), the session's, guess counters.
    /// </summary>
    /// <param name="company">What is committed with the session.</param>
    public async Task<(Session Session, string Handle)?> BeginAsync(string userId, Proofs proofs, string? userAgent, string? address, Session? replaces, CancellationToken cancel, SessionCompany? company = null)
    {
        var now = clock.GetUtcNow();
        var handle = Handles.New();
        var expires = (proofs.PasswordAt ?? now) + options.SignIn.SessionLifetime;
        (string, object?)[] values =
        [
            ("@hash", Handles.Hash(handle)), ("@user", userId), ("@proofs", JsonSerializer.Serialize(proofs, AccountJson.Default.Proofs)), ("@now", now.Stored()),
            ("@expires", expires.Stored()), ("@epoch", proofs.Epoch), ("@agent", userAgent.Storable(LongestAgent)), ("@address", address), ("@device", company?.DeviceId ?? ""),
        ];
        var session = await database.TransactAsync(async lane =>
        {
            // A new session holds the person with its own statement, one way to the database less; where a device is locked before that, Before holds them.
            if (replaces is not null && database.IsPostgres)
                await lane.ExecuteAsync(Hold, cancel, ("@user", userId));
            if (company is not null && !await company.Before(lane))
                return null;
            var result = replaces is null
                ? new Session(Handles.NewId(), userId, proofs, now, expires, company?.DeviceId, proofs.Epoch)
                : replaces with { Proofs = proofs, ExpiresAt = expires, DeviceId = company?.DeviceId ?? replaces.DeviceId, Epoch = proofs.Epoch };
            var begin = database.IsPostgres ? InsertOnPostgres : Insert;
            var written = await lane.ExecuteAsync(replaces is null ? begin : Continue, cancel, [.. values, ("@id", result.Id)]);
            if (written == 0)
                return null;
            await audit.AddAsync(lane, new(replaces is null ? "session-begun" : "session-continued", userId, userId, Address: address, Details: company?.DeviceId is null ? null : "trusted device"), cancel);
            if (company is not null)
                await company.After(lane, result);
            return result;
        }, cancel);
        if (replaces is not null)
            byHandle.Clear();
        return session is null ? null : (session, handle);
    }

    /// <summary>Signs one browser out: the session, what ends with it (<see cref="SessionEnding.EndAsync"/>) and the audit row in one commit.</summary>
    public async Task<bool> EndAsync(string sid, string? actor, CancellationToken cancel)
    {
        var ended = await database.TransactAsync(async lane =>
        {
            if (!await ending.EndAsync(lane, sid, cancel))
                return false;
            await audit.AddAsync(lane, new("session-ended", actor, actor, Details: sid), cancel);
            return true;
        }, cancel);
        await ending.TellAsync(cancel);
        return ended;
    }

    /// <summary>One of this person's sessions with everything it gave; false when it is not theirs, or ended.</summary>
    public async Task<bool> EndFullyAsync(string sid, string userId, CancellationToken cancel)
    {
        if (!Handles.IsId(sid))
            return false;
        var ended = await database.TransactAsync(async lane =>
        {
            if (!await ending.EndFullyAsync(lane, sid, userId, cancel))
                return false;
            await audit.AddAsync(lane, new("session-ended", userId, userId, Details: sid), cancel);
            return true;
        }, cancel);
        await ending.TellAsync(cancel);
        return ended;
    }

    public async Task EndAllAsync(string userId, string? exceptSid, string? actor, CancellationToken cancel)
    {
        await database.TransactAsync(async lane =>
        {
            await ending.EndAllAsync(lane, userId, exceptSid, cancel);
            await audit.AddAsync(lane, new("sessions-ended", actor, userId), cancel);
            return true;
        }, cancel);
        await ending.TellAsync(cancel);
    }

    public Task<List<SessionView>> ListAsync(string userId, CancellationToken cancel) =>
        database.ListAsync($"{Select} where s.user_id = @user and {Alive} order by s.created_at desc", row => new SessionView(Read(row), row.TextOrNull(5), row.TextOrNull(6)), cancel,
            ("@user", userId), ("@now", clock.GetUtcNow().Stored()));

    private Task<Session?> ReadAsync(string handle) =>
        database.FirstAsync($"{Select} where s.handle_hash = @hash and {Alive}", Read, CancellationToken.None,
            ("@hash", Handles.Hash(handle)), ("@now", clock.GetUtcNow().Stored()));

    private static TimedCache<string, Session?> UntilTold(SessionEnding ending, TimeProvider clock)
    {
        var cache = new TimedCache<string, Session?>(clock);
        ending.Told += cache.Clear;
        return cache;
    }

    private static Session Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), JsonSerializer.Deserialize(row.GetString(2), AccountJson.Default.Proofs)!, row.Time(3), row.Time(4), row.TextOrNull(7),
        row.GetInt32(8));
}

/// <summary>A session as its owner sees it in a list.</summary>
internal sealed record SessionView(Session Session, string? UserAgent, string? Address);
