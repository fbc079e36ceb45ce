using IdP.Protocol;
using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.Storage;

namespace IdP.Server.Settings;

/// <summary>What apps hold for a person: consents, and refresh families that live on without a browser.</summary>
internal sealed class AppGrants(Database database, SessionEnding ending, IClients clients, AuditLog audit, TimeProvider clock)
{
    public async Task<IReadOnlyList<AppGrant>> ListAsync(string userId, CancellationToken cancel)
    {
        var found = await database.ListAsync("""
            select client_id, min(at) from (
                select client_id, given_at as at from consents where user_id = @user
                union all
                select f.client_id, f.sliding_expiry as at from refresh_families f where f.user_id = @user and f.ended_at is null and f.sliding_expiry > @now and f.absolute_expiry > @now
            ) held group by client_id order by client_id
            """, row => row.GetString(0), cancel, ("@user", userId), ("@now", clock.GetUtcNow().Stored()));
        var grants = new List<AppGrant>();
        foreach (var id in found)
            grants.Add(new AppGrant(id, (await clients.FindAsync(id, cancel))?.ClientName ?? id));
        return grants;
    }

    /// <summary>The consent is forgotten, and every refresh family of the app and the tokens that came from it end in the same commit.</summary>
    public async Task EndAsync(string userId, string clientId, By by, CancellationToken cancel)
    {
        await database.TransactAsync(async lane =>
        {
            await Users.HoldAsync(lane, userId, cancel);
            await lane.ExecuteAsync("delete from consents where user_id = @user and client_id = @client", cancel, ("@user", userId), ("@client", clientId));
            await ending.EndClientAsync(lane, userId, clientId, cancel);
            await audit.AddAsync(lane, new("grant-ended", by.Actor, userId, clientId, by.Address), cancel);
            return true;
        }, cancel);
        await ending.TellAsync(cancel);
    }
}

internal sealed record AppGrant(string ClientId, string Name);
