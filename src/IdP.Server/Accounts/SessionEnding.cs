using System.Text.Json;
using IdP.Protocol.Tokens;
using IdP.Server.Storage;
using IdP.Server.Storage.Protocol;

namespace IdP.Server.Accounts;

/// <summary>What the end of a session, or of a person's trust, takes with it: refresh families and access tokens.</summary>
internal sealed class SessionEnding(RevocationList revocations, Database database, TimeProvider clock)
{
    private string Seq => RevocationList.NextSeq(database);

    /// <summary>
    /// An ordinary sign-out: the session, its refresh families and every access token that names it - but not what was granted for when the person
    /// is away (OIDC Core §11), neither its family nor its access tokens. False when the session had ended before.
    /// </summary>
    public async Task<bool> EndAsync(Lane lane, string sid, CancellationToken cancel)
    {
        var now = clock.GetUtcNow().Stored();
        if (await lane.ExecuteAsync("update sessions set ended_at = @now where id = @sid and ended_at is null", cancel, ("@sid", sid), ("@now", now)) == 0)
            return false;
        // The scopes stand in the grant's JSON only, which no SQL of both databases reads alike; a session has few families.
        var families = await lane.ListAsync("select handle, grant_json from refresh_families where session_id = @sid and ended_at is null",
            row => (Handle: row.GetString(0), Grant: JsonSerializer.Deserialize(row.GetString(1), StorageJson.Default.Grant)!), cancel, ("@sid", sid));
        foreach (var family in families.Where(family => !family.Grant.Scopes.Contains(ScopeCatalogue.OfflineAccess)))
            await lane.ExecuteAsync("update refresh_families set ended_at = @now where handle = @handle and ended_at is null", cancel, ("@handle", family.Handle), ("@now", now));
        await revocations.RevokeSessionAsync(lane, sid, cancel);
        return true;
    }

    /// <summary>The owner's word in the settings: the session with all it gave, what was granted for when the person is away included. False when it is not theirs, or ended.</summary>
    public async Task<bool> EndFullyAsync(Lane lane, string sid, string userId, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        if (await lane.ExecuteAsync("update sessions set ended_at = @now where id = @sid and user_id = @user and ended_at is null", cancel, ("@sid", sid), ("@user", userId), ("@now", now.Stored())) == 0)
            return false;
        (string, object?)[] values = [("@sid", sid), ("@user", userId), ("@now", now.Stored())];
        await lane.ExecuteAsync($"""
            insert into revocations (key, until, at, seq)
            select distinct 'grant:' || grant_id, @until, @now, {Seq} from refresh_families where session_id = @sid and user_id = @user and ended_at is null
            on conflict (key) do update set until = excluded.until, at = excluded.at, seq = excluded.seq
            """, cancel, [.. values, ("@until", (now + RevocationList.LongestAccess).Stored())]);
        await lane.ExecuteAsync("update refresh_families set ended_at = @now where session_id = @sid and user_id = @user and ended_at is null", cancel, values);
        await revocations.RevokeSessionAsync(lane, sid, cancel);
        return true;
    }

    /// <summary>
    /// Everything, what was granted for when the person is away included. Families whose session ended by age are alive and end here too; their tokens
    /// are stopped by grant. The person's row first: whoever is just beginning a session or redeeming a code is waited for, and what that gave is found;
    /// whoever comes later waits for this to commit, and then meets another epoch.
    /// </summary>
    /// <param name="exceptSid">A session that stays, with what was granted in it.</param>
    public async Task EndAllAsync(Lane lane, string userId, string? exceptSid, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        (string, object?)[] values = [("@user", userId), ("@except", exceptSid ?? ""), ("@now", now.Stored())];
        (string, object?)[] until = [.. values, ("@until", (now + RevocationList.LongestAccess).Stored())];
        await Users.RaiseEpochAsync(lane, userId, cancel);
        await lane.ExecuteAsync("update sessions set ended_at = @now where user_id = @user and id <> @except and ended_at is null", cancel, values);
        await lane.ExecuteAsync($"""
            insert into revocations (key, until, at, seq)
            select 'sid:' || id, @until, @now, {Seq} from sessions where user_id = @user and id <> @except and ended_at = @now
            on conflict (key) do update set until = excluded.until, at = excluded.at, seq = excluded.seq
            """, cancel, until);
        await lane.ExecuteAsync($"""
            insert into revocations (key, until, at, seq)
            select distinct 'grant:' || grant_id, @until, @now, {Seq} from refresh_families where user_id = @user and session_id <> @except and ended_at is null
            on conflict (key) do update set until = excluded.until, at = excluded.at, seq = excluded.seq
            """, cancel, until);
        await lane.ExecuteAsync("update refresh_families set ended_at = @now where user_id = @user and session_id <> @except and ended_at is null", cancel, values);
    }

    /// <summary>
    /// What one trusted device brought: its sessions with everything that was granted in them, for the person's absence too. Sessions first: whoever is just
    /// redeeming a code in one of them is waited for, and what that gave is found.
    /// </summary>
    public async Task EndDeviceAsync(Lane lane, string userId, string deviceId, string? exceptSid, CancellationToken cancel)
    {
        const string Brought = "select id from sessions where user_id = @user and device_id = @device and id <> @except";
        var now = clock.GetUtcNow();
        (string, object?)[] values = [("@user", userId), ("@device", deviceId), ("@except", exceptSid ?? ""), ("@now", now.Stored())];
        (string, object?)[] until = [.. values, ("@until", (now + RevocationList.LongestAccess).Stored())];
        await lane.ExecuteAsync($"update sessions set ended_at = @now where id in ({Brought}) and ended_at is null", cancel, values);
        await lane.ExecuteAsync($"""
            insert into revocations (key, until, at, seq)
            select 'sid:' || id, @until, @now, {Seq} from sessions where id in ({Brought}) and ended_at = @now
            on conflict (key) do update set until = excluded.until, at = excluded.at, seq = excluded.seq
            """, cancel, until);
        await lane.ExecuteAsync($"""
            insert into revocations (key, until, at, seq)
            select distinct 'grant:' || grant_id, @until, @now, {Seq} from refresh_families where session_id in ({Brought}) and ended_at is null
            on conflict (key) do update set until = excluded.until, at = excluded.at, seq = excluded.seq
            """, cancel, until);
        await lane.ExecuteAsync($"update refresh_families set ended_at = @now where session_id in ({Brought}) and ended_at is null", cancel, values);
    }

    /// <summary>
    /// All that one client, or any, was given for this person until now, in whatever session and for their absence: refresh families, access tokens,
    /// and codes that nobody has redeemed yet. Sessions go on. The caller holds the person (<see cref="Users.HoldAsync"/>), for the reason given above.
    /// </summary>
    /// <param name="clientId">Null: all clients.</param>
    public async Task EndClientAsync(Lane lane, string userId, string? clientId, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        (string, object?)[] values = [("@user", userId), ("@client", clientId ?? ""), ("@now", now.Stored())];
        await revocations.WithdrawAsync(lane, userId, clientId, cancel);
        await lane.ExecuteAsync($"""
            insert into revocations (key, until, at, seq)
            select distinct 'grant:' || grant_id, @until, @now, {Seq} from refresh_families where user_id = @user and (client_id = @client or @client = '') and ended_at is null
            on conflict (key) do update set until = excluded.until, at = excluded.at, seq = excluded.seq
            """, cancel, [.. values, ("@until", (now + RevocationList.LongestAccess).Stored())]);
        await lane.ExecuteAsync("update refresh_families set ended_at = @now where user_id = @user and (client_id = @client or @client = '') and ended_at is null", cancel, values);
    }

    /// <summary>
    /// Whether what answers for whoever asks still does, as the transaction sees it: the session has not been ended, and the epoch of a sign-in's proofs has not
    /// been raised nor the account disabled since. True where neither is named.
    /// </summary>
    public static async Task<bool> LivesAsync(Lane lane, By by, CancellationToken cancel) =>
        (by.SessionId is null || await lane.FirstAsync("select count(*) from sessions where id = @sid and ended_at is null", row => row.GetInt64(0), cancel, ("@sid", by.SessionId)) == 1)
        && (by.Epoch is not { } epoch || await lane.FirstAsync($"select count(*) from users u where u.id = @user and {Sessions.Current}",
            row => row.GetInt64(0), cancel, ("@user", by.Actor), ("@epoch", epoch)) == 1);

    /// <summary>For what this node remembers of sessions.</summary>
    public event Action? Told;

    /// <summary>After the commit: this node knows at once, the others within two seconds.</summary>
    public async Task TellAsync(CancellationToken cancel)
    {
        Told?.Invoke();
        try
        {
            await revocations.RefreshAsync(cancel);
        }
        catch (StoreUnavailableException)
        {
            // The change is committed; the poll catches up, or closes the door.
        }
    }
}
