using System.CommandLine;
using IdP.Server.Storage;

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
        // Taken before the host starts, so that a refusal is a sentence and not a log of the host's.
        await app.Services.GetRequiredService<NodeLease>().TakeAsync(cancel);
        await ((IHost)app).RunAsync(cancel);
        return ExitCode.Done;
    }
}
