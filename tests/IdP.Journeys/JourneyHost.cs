using IdP.Server.Tests.Support;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace IdP.Journeys;

/// <summary>A server in Development, so with its demo. Relying parties live under names of their own (NAME.localhost): cookies know no ports.</summary>
public abstract class JourneyHost(StorePair pair, string name) : IAsyncLifetime
{
    public TestIdp Idp { get; private set; } = null!;

    /// <summary>On the line to this server's token endpoint.</summary>
    public TokenTap Tap { get; } = new();

    public async ValueTask InitializeAsync() => Idp = await TestIdp.StartAsync(pair, new TestIdpOptions
    {
        Environment = "Development",
        Host = name,
        Replace = services => services.AddSingleton<IStartupFilter>(Tap),
    });

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Idp is not null)
            await Idp.DisposeAsync();
    }
}

public sealed class SqliteJourneyHost() : JourneyHost(StorePair.SqliteAndMemory, "id.localhost");

public sealed class PostgresJourneyHost() : JourneyHost(StorePair.PostgresAndRedis, "localhost");

[CollectionDefinition(nameof(OnSqlite))]
public sealed class OnSqlite : ICollectionFixture<SqliteJourneyHost>;

[CollectionDefinition(nameof(OnPostgres))]
public sealed class OnPostgres : ICollectionFixture<PostgresJourneyHost>;

/// <summary>For those who push the clock: the relying parties of the others live by the real one.</summary>
public sealed class LookingHost() : JourneyHost(StorePair.SqliteAndMemory, "look.localhost");

[CollectionDefinition(nameof(Looking))]
public sealed class Looking : ICollectionFixture<LookingHost>;

/// <summary>Two hosts, so that the longest two rows of tests run side by side.</summary>
public sealed class TypingHost() : JourneyHost(StorePair.SqliteAndMemory, "type.localhost");

[CollectionDefinition(nameof(Typing))]
public sealed class Typing : ICollectionFixture<TypingHost>;
