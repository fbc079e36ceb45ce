using System.CommandLine;
using System.Text.Json.Nodes;
using IdP.Server.Hosting;
using IdP.Server.Mail;

namespace IdP.Server.Cli;

/// <summary>"migrate" and "check-config".</summary>
internal static class MaintenanceVerbs
{
    public static Command Migrate(Shell shell)
    {
        var command = new Command("migrate", "Bring the database's schema up to date. The server does so too when it starts");
        command.SetAction(async (_, cancel) =>
        {
            await using var bench = await Workbench.OpenAsync(shell, cancel);
            return shell.Say(new JsonObject { ["upToDate"] = true }, "The database is up to date.");
        });
        return command;
    }

    public static Command CheckConfig(Shell shell)
    {
        var command = new Command("check-config", """
            Read all settings as the server would and say everything that is wrong with them. Touches no store.

            Settings come from appsettings.json beside the program, then from the environment (IDP__Storage__Database;
            IDP__Secrets__MasterKey_FILE reads a file), then from the command line (--Storage:Database VALUE).
            """);
        command.SetAction(_ =>
        {
            var options = IdpConfiguration.Load(shell.Arguments);
            if (IdpHost.Faults(options, new NamedEnvironment(IdpConfiguration.EnvironmentName)) is { Count: > 0 } faults)
                throw new BadConfigurationException(faults);
            var mail = MailServices.Transport(options, IdpConfiguration.EnvironmentName == "Development");
            return shell.Say(
                new JsonObject { ["sound"] = true, ["issuer"] = options.Issuer, ["mail"] = mail.Available ? mail.Name : null },
                $"The configuration is sound; the issuer is {options.Issuer}.", $"Mail goes {mail.Name}.");
        });
        return command;
    }
}
