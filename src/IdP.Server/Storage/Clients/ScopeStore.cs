using IdP.Protocol;
using IdP.Protocol.Tokens;
using IdP.Server.Audit;

namespace IdP.Server.Storage.Clients;

/// <summary>The standard scopes and those operators added, cached like clients.</summary>
internal sealed class ScopeStore(Database database, AuditLog audit, TimeProvider clock) : IScopes
{
    private const string Select = "select json from scopes order by name";

    private readonly TimedCache<string, ScopeCatalogue> cache = new(clock);

    private ScopeCatalogue? lastKnown;

    public ValueTask<ScopeCatalogue> GetAsync(CancellationToken cancel) =>
        cache.GetAsync("", async _ => lastKnown = new ScopeCatalogue(await ListAsync(CancellationToken.None)), cancel);

    /// <summary>Discovery outlives an outage; whoever gives scopes away does not go by this.</summary>
    public async ValueTask<ScopeCatalogue> GetLastKnownAsync(CancellationToken cancel)
    {
        try
        {
            return await GetAsync(cancel);
        }
        catch (Exception problem) when (lastKnown is not null && Outage.Find(problem) is not null)
        {
            return lastKnown;
        }
    }

    /// <summary>The operators' own.</summary>
    public async Task<IReadOnlyList<Scope>> ListAsync(CancellationToken cancel) =>
        await database.ListAsync(Select, row => ClientJson.ReadScope(row.GetString(0)), cancel);

    /// <summary>The operators' own, as the transaction sees them.</summary>
    public static async Task<IReadOnlyList<Scope>> ListAsync(Lane lane, CancellationToken cancel) =>
        await lane.ListAsync(Select, row => ClientJson.ReadScope(row.GetString(0)), cancel);

    /// <summary>Adds or replaces; the scope has been checked by <see cref="ScopeRules"/>.</summary>
    public async Task SaveAsync(Lane lane, Scope scope, string actor, CancellationToken cancel)
    {
        await lane.ExecuteAsync(
            """
            insert into scopes (name, json, updated_at) values (@name, @json, @now)
            on conflict (name) do update set json = excluded.json, updated_at = excluded.updated_at
            """, cancel,
            ("@name", scope.Name), ("@json", ClientJson.Write(scope)), ("@now", clock.GetUtcNow().ToUnixTimeMilliseconds()));
        await audit.AddAsync(lane, new("scope-saved", actor, Details: scope.Name), cancel);
        cache.Clear();
    }
}
