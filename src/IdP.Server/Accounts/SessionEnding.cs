using IdP.Server.Storage;
using IdP.Server.Storage.Protocol;

namespace IdP.Server.Accounts;

/// <summary>What the end of a session takes with it: its refresh families, and every access token that names it.</summary>
internal sealed class SessionEnding(RevocationList revocations, TimeProvider clock)
{
    /// <summary>False when it had ended before.</summary>
    public async Task<bool> EndAsync(Lane lane, string sid, CancellationToken cancel)
    {
        (string, object?)[] values = [("@sid", sid), ("@now", clock.GetUtcNow().Stored())];
        if (await lane.ExecuteAsync("update sessions set ended_at = @now where id = @sid and ended_at is null", cancel, values) == 0)
            return false;
        await lane.ExecuteAsync("update refresh_families set ended_at = @now where session_id = @sid and ended_at is null", cancel, values);
        await revocations.RevokeSessionAsync(lane, sid, cancel);
        return true;
    }

    /// <summary>Families whose session ended by age are alive and end here too; their tokens are stopped by grant.</summary>
    public async Task EndAllAsync(Lane lane, string userId, string? exceptSid, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        (string, object?)[] values = [("@user", userId), ("@except", exceptSid ?? ""), ("@now", now.Stored())];
        (string, object?)[] until = [.. values, ("@until", (now + RevocationList.LongestAccess).Stored())];
        await lane.ExecuteAsync("""
            insert into revocations (key, until, at)
            select 'sid:' || id, @until, @now from sessions where user_id = @user and id <> @except and ended_at is null
            on conflict (key) do update set until = excluded.until, at = excluded.at
            """, cancel, until);
        await lane.ExecuteAsync("""
            insert into revocations (key, until, at)
            select distinct 'grant:' || grant_id, @until, @now from refresh_families where user_id = @user and session_id <> @except and ended_at is null
            on conflict (key) do update set until = excluded.until, at = excluded.at
            """, cancel, until);
        await lane.ExecuteAsync("update sessions set ended_at = @now where user_id = @user and id <> @except and ended_at is null", cancel, values);
        await lane.ExecuteAsync("update refresh_families set ended_at = @now where user_id = @user and session_id <> @except and ended_at is null", cancel, values);
    }

    /// <summary>After the commit: this node knows at once, the others within two seconds.</summary>
    public async Task TellAsync(CancellationToken cancel)
    {
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
