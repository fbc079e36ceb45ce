using System.CommandLine;
using System.Text.Json.Nodes;
using IdP.Protocol.Clients;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Cli;

/// <summary>"client list|show|remove"; adding is <see cref="ClientAddVerb"/>, secrets are <see cref="ClientSecretVerbs"/>.</summary>
internal static class ClientVerbs
{
    public static Command Make(Shell shell) => new("client", "Applications that sign people in here")
    {
        ClientAddVerb.Make(shell), List(shell), Show(shell), Remove(shell), ClientSecretVerbs.Make(shell),
    };

    private static Command List(Shell shell)
    {
        var command = new Command("list", "Show every client");
        command.SetAction(async (_, cancel) =>
        {
            await using var bench = await Workbench.LookAsync(shell, cancel);
            var clients = await bench.Clients.ListAsync(cancel);
            return shell.Say(
                new JsonArray([.. clients.Select(Redacted)]),
                TextTable.Of(["ID", "NAME", "KIND", "GRANTS"], clients.Select(c => (string[])
                    [c.ClientId, c.ClientName ?? "", Kind(c), string.Join(' ', c.AllowedGrantTypes)])));
        });
        return command;
    }

    private static Command Show(Shell shell)
    {
        var id = new Argument<string>("ID") { Description = "The client's id" };
        var command = new Command("show", """
            Show one client as a file that 'apply' takes: YAML, or JSON with --json.
            Its secrets are kept as hashes and cannot be shown; a file without them leaves them as they are.
            """) { id };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var bench = await Workbench.LookAsync(shell, cancel);
            if (await bench.Clients.FindAsync(parsed.GetValue(id)!, cancel) is not { } client)
                return shell.Refuse($"There is no client '{parsed.GetValue(id)}'.");
            return shell.Say(ClientFile.ToJson(client), ClientFile.ToYaml(client));
        });
        return command;
    }

    private static Command Remove(Shell shell)
    {
        var id = new Argument<string>("ID") { Description = "The client's id" };
        var command = new Command("remove", "Remove a client; its refresh tokens end with it") { id };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var bench = await Workbench.OpenAsync(shell, cancel);
            var clientId = parsed.GetValue(id)!;
            return await bench.Clients.RemoveAsync(clientId, Workbench.Actor, cancel)
                ? shell.Say(new JsonObject { ["clientId"] = clientId, ["removed"] = true }, $"Client '{clientId}' is removed; running servers know within five seconds.")
                : shell.Refuse($"There is no client '{clientId}'.");
        });
        return command;
    }

    /// <summary>Hashes say nothing to a reader; how many secrets there are and when they end does.</summary>
    public static JsonObject Redacted(Client client)
    {
        var shown = ClientJson.ToObject(client);
        shown["clientSecrets"] = new JsonArray([.. client.ClientSecrets.Select(s => new JsonObject { ["description"] = s.Description, ["expiresAt"] = s.ExpiresAt })]);
        return shown;
    }

    private static string Kind(Client client) => (client.RequireClientSecret ? "confidential" : "public") + (client.Enabled ? "" : ", disabled");
}
