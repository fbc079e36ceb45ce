using System.Security.Cryptography;
using IdP.Server.Accounts;
using IdP.Server.Storage;

namespace IdP.Server.DeviceTrust;

/// <summary>
/// Browsers that a person has signed in with. A browser is known by a random handle that is made at the person's first complete sign-in there: one that it
/// brought along is never adopted, since whoever planted it has it too. They grant nothing: a sign-in from another one is told to the owner, and wrong
/// guesses in one are counted apart from strangers'.
/// </summary>
internal sealed class KnownBrowsers(Database database, AccountWatchers watchers, TimeProvider clock)
{
    /// <summary>As many people may share a browser; then the one who has not signed in for longest is a stranger there.</summary>
    public const int MostPeople = 10;

    private const string Shown = "user_id = @user and browser_hash in (@b0, @b1, @b2, @b3, @b4, @b5, @b6, @b7, @b8, @b9)";

    // They are forgotten after months; to the day is as exact as anybody needs it.
    private static readonly TimeSpan Exact = TimeSpan.FromDays(1);

    /// <summary>The id of the browser that shows these handles; null when it has never signed this person in.</summary>
    public async Task<string?> FindAsync(string userId, IReadOnlyList<string> handles, CancellationToken cancel) => handles.Count == 0 ? null
        : await database.FirstAsync($"select id from known_browsers where {Shown}", row => row.GetString(0), cancel, Browser(userId, handles));

    /// <summary>In the session's transaction. The first browser of all is no news.</summary>
    /// <returns>The handle that this browser is known by for this person from now on.</returns>
    public async Task<string> SeenAsync(Lane lane, string userId, IReadOnlyList<string> handles, By by, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var seen = await lane.FirstAsync($"select id, browser_hash, last_seen_at from known_browsers where {Shown}",
            row => (Id: row.GetString(0), Hash: row.Bytes(1), At: row.Time(2)), cancel, Browser(userId, handles));
        if (seen.Id is not null)
        {
            if (seen.At <= now - Exact)
                await lane.ExecuteAsync("update known_browsers set last_seen_at = @now where user_id = @user and id = @id", cancel, ("@user", userId), ("@id", seen.Id), ("@now", now.Stored()));
            return handles.First(handle => CryptographicOperations.FixedTimeEquals(Handles.Hash(handle), seen.Hash));
        }

        var fresh = Handles.New();
        await lane.ExecuteAsync("insert into known_browsers (user_id, browser_hash, id, last_seen_at) values (@user, @browser, @id, @now)", cancel,
            ("@user", userId), ("@browser", Handles.Hash(fresh)), ("@id", Handles.NewId()), ("@now", now.Stored()));
        if (await lane.FirstAsync("select count(*) from known_browsers where user_id = @user", row => row.GetInt64(0), cancel, ("@user", userId)) > 1)
            await watchers.TellAsync(lane, new(userId, AccountChangeKind.NewBrowser, by), cancel);
        return fresh;
    }

    // Always as many, so that it is one statement; no hash is empty.
    private static (string, object?)[] Browser(string userId, IReadOnlyList<string> handles) =>
        [("@user", userId), .. Enumerable.Range(0, MostPeople).Select(i => ("@b" + i, (object?)(i < handles.Count ? Handles.Hash(handles[i]) : [])))];
}
