using IdP.Protocol;
using IdP.Protocol.Clients;
using IdP.Server.Audit;

namespace IdP.Server.Storage.Clients;

/// <summary>Registered clients: read from memory while younger than three seconds, written together with their audit row (I-9).</summary>
internal sealed class ClientStore(Database database, AuditLog audit, TimeProvider clock) : IClients
{
    private readonly TimedCache<string, Client?> cache = new(clock);
    private readonly TimedCache<string, HashSet<string>> origins = new(clock);

    /// <summary>What could never be registered is not looked up: it would only fill the cache, and PostgreSQL refuses NUL.</summary>
    public ValueTask<Client?> FindAsync(string clientId, CancellationToken cancel) =>
        ClientValidator.CouldBeId(clientId) ? cache.GetAsync(clientId, LoadAsync, cancel) : new((Client?)null);

    public async ValueTask<bool> AnyAllowsOriginAsync(string origin, CancellationToken cancel) =>
        (await origins.GetAsync("", async _ => (await ListAsync(CancellationToken.None))
            .Where(client => client.Enabled).SelectMany(client => client.AllowedCorsOrigins).ToHashSet(StringComparer.Ordinal), cancel)).Contains(origin);

    /// <summary>All of them, by id, straight from the store.</summary>
    public async Task<IReadOnlyList<Client>> ListAsync(CancellationToken cancel) =>
        await database.ListAsync("select json from clients order by client_id", row => ClientJson.ReadClient(row.GetString(0)), cancel);

    /// <summary>Adds or replaces; the client has been checked by <see cref="ClientValidator"/>.</summary>
    public async Task SaveAsync(Lane lane, Client client, string actor, CancellationToken cancel)
    {
        var existed = await ReadAsync(lane, client.ClientId, cancel) is not null;
        await lane.ExecuteAsync(
            """
            insert into clients (client_id, json, updated_at) values (@id, @json, @now)
            on conflict (client_id) do update set json = excluded.json, updated_at = excluded.updated_at
            """, cancel,
            ("@id", client.ClientId), ("@json", ClientJson.Write(client)), ("@now", Now));
        await audit.AddAsync(lane, new(existed ? "client-changed" : "client-added", actor, ClientId: client.ClientId), cancel);
        cache.Forget(client.ClientId);
    }

    /// <summary>
    /// Changes a client as the transaction finds it. False when there is none, or <paramref name="change"/> returns null; what it throws ends the
    /// transaction.
    /// </summary>
    /// <param name="entry">The audit row.</param>
    public async Task<bool> ChangeAsync(string clientId, Func<Client, Client?> change, AuditEntry entry, CancellationToken cancel)
    {
        var changed = await database.TransactAsync(async lane =>
        {
            // Locks the row: of two changes at once the second one sees what the first one did.
            await lane.ExecuteAsync("update clients set updated_at = updated_at where client_id = @id", cancel, ("@id", clientId));
            if (await ReadAsync(lane, clientId, cancel) is not { } client || change(client) is not { } fresh)
                return false;
            await lane.ExecuteAsync("update clients set json = @json, updated_at = @now where client_id = @id", cancel,
                ("@id", clientId), ("@json", ClientJson.Write(fresh)), ("@now", Now));
            await audit.AddAsync(lane, entry with { ClientId = clientId }, cancel);
            return true;
        }, cancel);
        cache.Forget(clientId);
        return changed;
    }

    /// <summary>False when there is none. Its refresh families end with it: the token endpoint no longer knows their client.</summary>
    public async Task<bool> RemoveAsync(string clientId, string actor, CancellationToken cancel)
    {
        var removed = await database.TransactAsync(async lane =>
        {
            if (await lane.ExecuteAsync("delete from clients where client_id = @id", cancel, ("@id", clientId)) == 0)
                return false;
            await lane.ExecuteAsync("delete from consents where client_id = @id", cancel, ("@id", clientId));
            await lane.ExecuteAsync("update refresh_families set ended_at = @now where client_id = @id and ended_at is null", cancel, ("@now", Now), ("@id", clientId));
            await audit.AddAsync(lane, new("client-removed", actor, ClientId: clientId), cancel);
            return true;
        }, cancel);
        cache.Forget(clientId);
        return removed;
    }

    /// <summary>As the transaction sees it; null when there is none.</summary>
    public static Task<Client?> ReadAsync(Lane lane, string clientId, CancellationToken cancel) =>
        lane.FirstAsync("select json from clients where client_id = @id", row => ClientJson.ReadClient(row.GetString(0)), cancel, ("@id", clientId));

    private long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    // A load is shared by all who wait for it, so no single caller's cancellation may end it.
    private Task<Client?> LoadAsync(string clientId) =>
        database.FirstAsync("select json from clients where client_id = @id", row => ClientJson.ReadClient(row.GetString(0)), CancellationToken.None, ("@id", clientId));
}
