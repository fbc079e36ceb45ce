using IdP.Server.Factors;
using IdP.Server.StepUp;
using IdP.Server.Tests.FurtherFactors.Anything;
using IdP.Server.Tests.FurtherFactors.App;
using IdP.Server.Tests.FurtherFactors.KeyFob;
using IdP.Server.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IdP.Server.Tests.SignIn;

/// <summary>For second factors: few people, and two nodes where there may be two.</summary>
public abstract class FactorHost(StorePair pair, int nodes) : IAsyncLifetime
{
    public TestIdp Idp { get; private set; } = null!;

    /// <summary>One for all nodes, as a phone is.</summary>
    internal Phone Phone { get; } = new();

    internal Whim Whim { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Idp = await TestIdp.StartAsync(pair, new TestIdpOptions
        {
            Nodes = nodes,
            Seed = new Seed(otpPeople: 0),
            // A further factor: its folder, and a line here.
            Replace = services => services
                .AddFactor<KeyFobEnrolment, KeyFobFactor>()
                .AddApp(Phone)
                .AddFactor<AnythingEnrolment, AnythingFactor>().AddSingleton(Whim),
            Settings = new Dictionary<string, string> { ["Mail:OwnDomains"] = "example.com,自家.example" },
        });
        Phone.Idp = Idp;
        foreach (var factor in (string[])[KeyFobFactor.Id, AppEnrolment.Id])
            await Seed.DemandAsync(Idp, new BindingPolicy { Name = factor, Groups = [Demanding(factor)], Factors = [factor] });
    }

    /// <summary>The group whose people must bind it.</summary>
    internal static string Demanding(string factor) => "must-have-" + factor;

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

[Thorough]
public sealed class Stopped_factors_on_PostgreSQL_and_Redis(PostgresFactorHost host) : StoppedFactorTests(host.Idp), IClassFixture<PostgresFactorHost>;

public sealed class Backup_email_on_SQLite_and_memory(SqliteFactorHost host) : BackupEmailContract(host.Idp), IClassFixture<SqliteFactorHost>;

public sealed class Backup_email_on_PostgreSQL_and_Redis(PostgresFactorHost host) : BackupEmailContract(host.Idp), IClassFixture<PostgresFactorHost>;
