using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Races;

/// <summary>One node on each pair, and two nodes on the pair that may have two.</summary>
public abstract class RaceHost(StorePair pair, int nodes) : IAsyncLifetime
{
    public TestIdp Idp { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Idp = await TestIdp.StartAsync(pair, new TestIdpOptions { Nodes = nodes });

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Idp is not null)
            await Idp.DisposeAsync();
    }
}

public sealed class SqliteRaceHost() : RaceHost(StorePair.SqliteAndMemory, nodes: 1);

public sealed class PostgresRaceHost() : RaceHost(StorePair.PostgresAndRedis, nodes: 1);

public sealed class TwoNodeRaceHost() : RaceHost(StorePair.PostgresAndRedis, nodes: 2);

public sealed class Races_on_SQLite_and_memory(SqliteRaceHost host) : RaceTests(host.Idp), IClassFixture<SqliteRaceHost>;

public sealed class Races_on_PostgreSQL_and_Redis(PostgresRaceHost host) : RaceTests(host.Idp), IClassFixture<PostgresRaceHost>;

public sealed class Races_on_two_nodes(TwoNodeRaceHost host) : RaceTests(host.Idp), IClassFixture<TwoNodeRaceHost>;
