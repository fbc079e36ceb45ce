using IdP.Server.Accounts;
using IdP.Server.Storage;

namespace IdP.Server.DeviceTrust;

/// <summary>Browsers that a person has signed in with. They grant nothing: a sign-in from another one is told to the owner.</summary>
internal sealed class KnownBrowsers(AccountWatchers watchers, TimeProvider clock)
{
    // They are forgotten after months; to the day is as exact as anybody needs it.
    private static readonly TimeSpan Exact = TimeSpan.FromDays(1);

    /// <summary>In the session's transaction. The first browser of all is no news.</summary>
    public async Task SeenAsync(Lane lane, string userId, string handle, By by, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        (string, object?)[] browser = [("@user", userId), ("@browser", Handles.Hash(handle))];
        var seen = await lane.FirstAsync("select last_seen_at from known_browsers where user_id = @user and browser_hash = @browser", row => (DateTimeOffset?)row.Time(0), cancel, browser);
        if (seen > now - Exact)
            return;
        (string, object?)[] values = [.. browser, ("@now", now.Stored())];
        if (seen is not null)
        {
            await lane.ExecuteAsync("update known_browsers set last_seen_at = @now where user_id = @user and browser_hash = @browser", cancel, values);
            return;
        }

        if (await lane.ExecuteAsync("insert into known_browsers (user_id, browser_hash, last_seen_at) values (@user, @browser, @now) on conflict (user_id, browser_hash) do nothing", cancel, values) == 0)
            return;
        if (await lane.FirstAsync("select count(*) from known_browsers where user_id = @user", row => row.GetInt64(0), cancel, ("@user", userId)) > 1)
            await watchers.TellAsync(lane, new(userId, AccountChangeKind.NewBrowser, by), cancel);
    }
}
