using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Faults;

/// <summary>The built server as a process of its own, so that it can be killed.</summary>
public abstract class FaultHost(StorePair pair, Seed? seed = null) : IAsyncLifetime
{
    public TestIdp Idp { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Idp = await TestIdp.StartAsync(pair, new TestIdpOptions { OwnProcess = true, Seed = seed ?? new Seed() });

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Idp is not null)
            await Idp.DisposeAsync();
    }
}

public sealed class SqliteFaultHost() : FaultHost(StorePair.SqliteAndMemory);

public sealed class PostgresFaultHost() : FaultHost(StorePair.PostgresAndRedis);

public sealed class SqliteMomentHost() : FaultHost(StorePair.SqliteAndMemory, KillMomentTests.People);

public sealed class PostgresMomentHost() : FaultHost(StorePair.PostgresAndRedis, KillMomentTests.People);

/// <summary>After everything else, one at a time: a restart has to fit into the ten seconds in which a lost answer may be asked for again.</summary>
[CollectionDefinition(nameof(Kills), DisableParallelization = true)]
public sealed class Kills;

[Collection(nameof(Kills))]
public sealed class Kill_on_SQLite_and_memory(SqliteFaultHost host) : KillTests(host.Idp, sharedState: false), IClassFixture<SqliteFaultHost>;

[Collection(nameof(Kills))]
public sealed class Kill_on_PostgreSQL_and_Redis(PostgresFaultHost host) : KillTests(host.Idp, sharedState: true), IClassFixture<PostgresFaultHost>;

[Collection(nameof(Kills))]
public sealed class KillMoments_on_SQLite_and_memory(SqliteMomentHost host) : KillMomentTests(host.Idp, sharedState: false), IClassFixture<SqliteMomentHost>;

[Collection(nameof(Kills))]
public sealed class KillMoments_on_PostgreSQL_and_Redis(PostgresMomentHost host) : KillMomentTests(host.Idp, sharedState: true), IClassFixture<PostgresMomentHost>;
