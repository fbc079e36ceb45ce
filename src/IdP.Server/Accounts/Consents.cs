using IdP.Server.Audit;
using IdP.Server.Storage;

namespace IdP.Server.Accounts;

/// <summary>What a person allowed a client, remembered until they take it back.</summary>
internal sealed class Consents(Database database, SessionEnding ending, AuditLog audit, TimeProvider clock)
{
    /// <summary>The scopes allowed so far; empty when none.</summary>
    public async Task<IReadOnlyList<string>> FindAsync(string userId, string clientId, CancellationToken cancel) =>
        await database.FirstAsync("select scopes from consents where user_id = @user and client_id = @client",
            row => row.GetString(0).Split(' ', StringSplitOptions.RemoveEmptyEntries), cancel, ("@user", userId), ("@client", clientId)) ?? [];

    /// <summary>Adds to what was allowed before.</summary>
    public Task GiveAsync(string userId, string clientId, IEnumerable<string> scopes, CancellationToken cancel) => database.TransactAsync(async lane =>
    {
        (string, object?)[] who = [("@user", userId), ("@client", clientId)];
        var before = await lane.FirstAsync("select scopes from consents where user_id = @user and client_id = @client", row => row.GetString(0), cancel, who);
        var all = string.Join(' ', (before ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Union(scopes));
        await lane.ExecuteAsync("""
            insert into consents (user_id, client_id, scopes, given_at) values (@user, @client, @scopes, @now)
            on conflict (user_id, client_id) do update set scopes = excluded.scopes, given_at = excluded.given_at
            """, cancel, [.. who, ("@scopes", all), ("@now", clock.GetUtcNow().Stored())]);
        await audit.AddAsync(lane, new("consent-given", userId, userId, clientId, Details: all), cancel);
        return true;
    }, cancel);

    /// <summary>The next sign-in asks again, and what the client holds for the person ends with the same commit.</summary>
    public async Task<bool> TakeBackAsync(string userId, string clientId, CancellationToken cancel)
    {
        var taken = await database.TransactAsync(async lane =>
        {
            await Users.HoldAsync(lane, userId, cancel);
            if (await lane.ExecuteAsync("delete from consents where user_id = @user and client_id = @client", cancel, ("@user", userId), ("@client", clientId)) == 0)
                return false;
            await ending.EndClientAsync(lane, userId, clientId, cancel);
            await audit.AddAsync(lane, new("consent-withdrawn", userId, userId, clientId), cancel);
            return true;
        }, cancel);
        await ending.TellAsync(cancel);
        return taken;
    }
}
