using IdP.Server.StepUp;
using IdP.Server.Tests.Support;

namespace IdP.Journeys.Account;

/// <summary>A server that mails through Postfix; what it sends is read back over IMAP. Its operator demands a second factor of two groups.</summary>
public abstract class MailingJourneyHost(StorePair pair, string name) : IAsyncLifetime
{
    /// <summary>Must bind a factor at once.</summary>
    public const string Must = "must";

    /// <summary>May put it off once.</summary>
    public const string Later = "later";

    public TestIdp Idp { get; private set; } = null!;

    public MailServer Mail { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Mail = await MailServers.GetAsync();
        Idp = await TestIdp.StartAsync(pair, new TestIdpOptions { Host = name, Settings = Mail.Settings });
        await Policies.DemandAsync(Idp, new BindingPolicy { Name = Must, Groups = [Must] }, new BindingPolicy { Name = Later, Groups = [Later], Skips = 1 });
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Idp is not null)
            await Idp.DisposeAsync();
    }
}

public sealed class SqliteMailingJourneyHost() : MailingJourneyHost(StorePair.SqliteAndMemory, "account.localhost");

public sealed class PostgresMailingJourneyHost() : MailingJourneyHost(StorePair.PostgresAndRedis, "localhost");

[CollectionDefinition(nameof(MailingOnSqlite))]
public sealed class MailingOnSqlite : ICollectionFixture<SqliteMailingJourneyHost>;

[CollectionDefinition(nameof(MailingOnPostgres))]
public sealed class MailingOnPostgres : ICollectionFixture<PostgresMailingJourneyHost>;
