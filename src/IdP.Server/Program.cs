using System.CommandLine;
using IdP.Server.Cli;
using IdP.Server.Hosting;

namespace IdP.Server;

internal static class Program
{
    public static Task<int> Main(string[] args) => RunAsync(args, Terminal.OfProcess);

    /// <summary>The same entry for tests, which bring their own terminal.</summary>
    internal static Task<int> RunAsync(string[] args, Terminal terminal)
    {
        var shell = new Shell(args, terminal);
        var root = new RootCommand("""
            A standalone OpenID Connect identity provider. Without a verb it serves.

            Every verb takes settings too: idp client list --Storage:Database sqlite:/var/lib/idp/idp.db
            Exit codes: 0 done, 1 refused, 2 usage, 3 the store cannot be reached, 4 bad configuration.
            """)
        {
            ApplyVerb.Make(shell),
            ClientVerbs.Make(shell),
            UserVerbs.Make(shell),
            KeyVerbs.Make(shell),
            AuditVerbs.Make(shell),
            MailVerbs.Make(shell),
            AdminVerbs.Make(shell),
            MaintenanceVerbs.Migrate(shell),
            MaintenanceVerbs.CheckConfig(shell),
        };
        ServeVerb.Add(root, args => IdpHost.Build(args), shell);
        return shell.RunAsync(root);
    }
}
