using System.CommandLine;
using IdP.Server.Hosting;
using IdP.Server.Storage;
using IdP.Server.Storage.Keys;

namespace IdP.Server.Cli;

/// <summary>"serve", and what happens without a verb.</summary>
internal static class ServeVerb
{
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
        await app.Services.GetRequiredService<NodeLease>().TakeAsync(cancel);
        await app.Services.GetRequiredService<Database>().MigrateAsync(cancel);
        await app.Services.GetRequiredService<KeyTable>().ProveMasterKeyAsync(cancel);
        Ports.MustBeFree(app.Services.GetRequiredService<IdpOptions>().Listen);
        await ((IHost)app).RunAsync(cancel);
        return ExitCode.Done;
    }
}
