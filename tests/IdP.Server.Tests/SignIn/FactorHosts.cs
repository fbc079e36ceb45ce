using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>For second factors: few people, and two nodes where there may be two.</summary>
public abstract class FactorHost(StorePair pair, int nodes) : IAsyncLifetime
{
    public TestIdp Idp { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Idp = await TestIdp.StartAsync(pair, new TestIdpOptions
    {
        Nodes = nodes,
        Seed = new Seed(otpPeople: 0),
        Settings = new Dictionary<string, string> { ["Mail:OwnDomains"] = "example.com,自家.example" },
    });

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Idp is not null)
            await Idp.DisposeAsync();
    }
}

public sealed class SqliteFactorHost() : FactorHost(StorePair.SqliteAndMemory, nodes: 1);

public sealed class PostgresFactorHost() : FactorHost(StorePair.PostgresAndRedis, nodes: 2);

public sealed class Factors_on_SQLite_and_memory(SqliteFactorHost host) : FactorContract(host.Idp), IClassFixture<SqliteFactorHost>;

public sealed class Factors_on_PostgreSQL_and_Redis(PostgresFactorHost host) : FactorContract(host.Idp), IClassFixture<PostgresFactorHost>;

public sealed class Stopped_factors_on_SQLite_and_memory(SqliteFactorHost host) : StoppedFactorTests(host.Idp), IClassFixture<SqliteFactorHost>;

public sealed class Stopped_factors_on_PostgreSQL_and_Redis(PostgresFactorHost host) : StoppedFactorTests(host.Idp), IClassFixture<PostgresFactorHost>;

public sealed class Backup_email_on_SQLite_and_memory(SqliteFactorHost host) : BackupEmailContract(host.Idp), IClassFixture<SqliteFactorHost>;

public sealed class Backup_email_on_PostgreSQL_and_Redis(PostgresFactorHost host) : BackupEmailContract(host.Idp), IClassFixture<PostgresFactorHost>;
