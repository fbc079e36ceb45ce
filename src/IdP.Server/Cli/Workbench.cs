using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.DeviceTrust;
using IdP.Server.Factors;
using IdP.Server.Hosting;
using IdP.Server.Mail;
using IdP.Server.Recovery;
using IdP.Server.Storage;
using IdP.Server.Storage.Clients;
using IdP.Server.Storage.Keys;

namespace IdP.Server.Cli;

/// <summary>
/// What a verb works with: the stores, opened directly, so that it works with and without a running server.
/// A running server sees the change when its own memory is three seconds old.
/// </summary>
internal sealed class Workbench : IAsyncDisposable
{
    public const string Actor = "cli";
    public static readonly By By = By.Tool(Actor);

    private readonly ServiceProvider services;

    private Workbench(IdpOptions options)
    {
        Options = options;
        services = new ServiceCollection()
            .AddSingleton(options)
            .AddSingleton(TimeProvider.System)
            .AddSingleton<IHostEnvironment>(new NamedEnvironment(IdpConfiguration.EnvironmentName))
            .AddIdpStorage(options)
            .AddIdpAccounts()
            .AddIdpMail()
            // Who watches the accounts: a new password ends trust from here too, and its owner is told.
            .AddIdpDeviceTrust()
            .AddSecondFactors()
            .AddIdpRecovery()
            .AddSingleton<FirstAdministrator>()
            .AddSingleton<AuditSearch>()
            .AddIdpClients()
            .AddLogging()
            .AddSingleton<KeyTable>()
            .BuildServiceProvider();
    }

    public IdpOptions Options { get; }
    public TimeProvider Clock => Get<TimeProvider>();
    public Database Database => Get<Database>();
    public AuditLog Audit => Get<AuditLog>();
    public ClientStore Clients => Get<ClientStore>();
    public ScopeStore Scopes => Get<ScopeStore>();
    public Users Users => Get<Users>();
    public KeyTable Keys => Get<KeyTable>();

    /// <summary>Reads the settings; touches no store.</summary>
    public static Workbench Of(Shell shell) => new(IdpConfiguration.Load(shell.Arguments));

    /// <summary>For verbs that change something: the schema is brought up to date first, as the server does when it starts.</summary>
    public static async Task<Workbench> OpenAsync(Shell shell, CancellationToken cancel)
    {
        var bench = Of(shell);
        await bench.Database.MigrateAsync(cancel);
        return bench;
    }

    /// <summary>For verbs that only look: nothing is changed, the schema included.</summary>
    /// <exception cref="SchemaException">There is nothing to look at, or it is older than this program.</exception>
    public static async Task<Workbench> LookAsync(Shell shell, CancellationToken cancel)
    {
        var bench = Of(shell);
        return await bench.IsNewAsync(cancel)
            ? throw new SchemaException("The database is empty: nothing has been set up yet. 'idp migrate' makes its tables, and so does the server when it starts.")
            : bench;
    }

    /// <summary>Whether the database has nothing of ours in it yet.</summary>
    /// <exception cref="SchemaException">It is older than this program, or of a version that this program does not know.</exception>
    public async Task<bool> IsNewAsync(CancellationToken cancel) => await Database.SchemaAsync(cancel) switch
    {
        SchemaState.Older => throw new SchemaException("The database is older than this program. Bring it up to date first: 'idp migrate' does, and so does the server when it starts."),
        SchemaState.Foreign => throw new SchemaException(Migrator.ForeignSchema),
        var state => state == SchemaState.None,
    };

    /// <summary>By user name in any spelling; never by e-mail address, which a command could mistake.</summary>
    public async Task<UserRecord?> FindUserAsync(string userName, CancellationToken cancel) =>
        await Users.FindByLoginAsync(userName, cancel) is { } user && UserNames.Normalize(user.UserName) == UserNames.Normalize(userName) ? user : null;

    public T Get<T>() where T : notnull => services.GetRequiredService<T>();

    public ValueTask DisposeAsync() => services.DisposeAsync();
}
