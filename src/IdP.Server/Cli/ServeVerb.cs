using System.CommandLine;
using IdP.Server.Hosting;
using IdP.Server.Storage;
using IdP.Server.Storage.Keys;

namespace IdP.Server.Cli;

/// <summary>"serve", and what happens without a verb.</summary>
internal static class ServeVerb
{
    private const string TheDatabase = "the database";
    private const string Redis = "Redis";

    /// <param name="build">Reads the settings from the arguments and builds the host.</param>
    public static void Add(RootCommand root, Func<string[], WebApplication> build, Shell shell)
    {
        var command = new Command("serve", "Serve until told to stop (the default)");
        command.SetAction((_, cancel) => RunAsync(build, shell, cancel));
        root.SetAction((_, cancel) => RunAsync(build, shell, cancel));
        root.Subcommands.Add(command);
    }

    private static async Task<int> RunAsync(Func<string[], WebApplication> build, Shell shell, CancellationToken cancel)
    {
        await using var app = build([.. shell.Arguments]);
        // What may stand in the way is met before the host starts, in the host's order: a refusal is a sentence then, and not a log of the host's.
        await using (var health = new WaitingHealth())
            await MeetStoresAsync(app.Services, health, cancel);
        Ports.MustBeFree(app.Services.GetRequiredService<IdpOptions>().Listen);
        await ((IHost)app).RunAsync(cancel);
        return ExitCode.Done;
    }

    private static async Task MeetStoresAsync(IServiceProvider services, WaitingHealth health, CancellationToken cancel)
    {
        var listen = services.GetRequiredService<IdpOptions>().Listen;
        var patience = ActivatorUtilities.CreateInstance<StartPatience>(services);
        await patience.UntilThereAsync(TheDatabase, async () =>
        {
            await services.GetRequiredService<NodeLease>().TakeAsync(cancel);
            await services.GetRequiredService<Database>().MigrateAsync(cancel);
            await services.GetRequiredService<KeyTable>().ProveMasterKeyAsync(cancel);
        }, () => ListenAsync(TheDatabase), cancel);
        try
        {
            var ephemeral = services.GetRequiredService<IEphemeralStore>();
            await patience.UntilThereAsync(Redis, async () => await ephemeral.GetAsync("health", cancel), () => ListenAsync(Redis), cancel);
        }
        catch (StoreUnavailableException)
        {
            // What does not need it (tokens, keys, sessions that exist) is served, as by a node that lost it later.
        }

        Task ListenAsync(string store) => health.ListenAsync(listen, store);
    }
}
