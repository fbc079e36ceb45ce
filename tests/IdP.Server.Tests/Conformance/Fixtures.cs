using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Conformance;

/// <summary>One server for all modules on one pair of stores; modules run one after another, as the suite runs them.</summary>
public abstract class ConformanceHost(StorePair pair) : IAsyncLifetime
{
    public TestIdp Idp { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Idp = await TestIdp.StartAsync(pair);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Idp is not null)
            await Idp.DisposeAsync();
    }
}

public sealed class SqliteHost() : ConformanceHost(StorePair.SqliteAndMemory);

public sealed class PostgresHost() : ConformanceHost(StorePair.PostgresAndRedis);

[CollectionDefinition(nameof(OnSqlite))]
public sealed class OnSqlite : ICollectionFixture<SqliteHost>;

[CollectionDefinition(nameof(OnPostgres))]
public sealed class OnPostgres : ICollectionFixture<PostgresHost>;
