using System.CommandLine;
using System.Text.Json.Nodes;
using IdP.Server.Accounts;

namespace IdP.Server.Cli;

/// <summary>"admin link": the way in when nobody is there yet, or everybody is locked out.</summary>
internal static class AdminVerbs
{
    public static Command Make(Shell shell)
    {
        var link = new Command("link", """
            Make a link, good for one hour and one use, that lets whoever opens it create an administrator.
            For the first start, and for when every administrator is locked out.
            """);
        link.SetAction(async (_, cancel) =>
        {
            await using var bench = await Workbench.OpenAsync(shell, cancel);
            var made = await bench.Get<FirstAdministrator>().MakeLinkAsync(Workbench.Actor, cancel);
            return shell.Say(
                new JsonObject { ["link"] = made.Url, ["expiresAt"] = made.ExpiresAt },
                made.Url, $"Good for one use, until {made.ExpiresAt:u}.");
        });
        return new Command("admin", "Administrators of this server") { link };
    }
}
