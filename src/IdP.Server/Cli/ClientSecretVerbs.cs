using System.CommandLine;
using System.Text.Json.Nodes;
using IdP.Protocol.Clients;
using IdP.Server.Audit;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Cli;

/// <summary>"client secret add|list|remove": a second secret beside the first, so that an application can change over without a gap.</summary>
internal static class ClientSecretVerbs
{
    private const int MostSecrets = 10;

    public static Command Make(Shell shell) => new("secret", "Secrets of a confidential client; all of them are good at once")
    {
        Add(shell), List(shell), Remove(shell),
    };

    /// <summary>One line, without what it would be good for.</summary>
    public static string Describe(ClientSecret secret) =>
        $"secret {ClientSecrets.IdOf(secret)}"
        + (secret.Description is { } words ? $" ({Spoken.OneLine(words)})" : "")
        + (secret.ExpiresAt is { } end ? $", expires {end:u}" : ", does not expire");

    private static Command Add(Shell shell)
    {
        var id = Id();
        var description = new Option<string>("--description") { Description = "What it is for, to know it by later" };
        var expires = new Option<string>("--expires") { Description = "A time (2027-01-31T00:00:00Z), or from now: 90d, 12h (default: never)" };
        var stdin = new Option<bool>("--secret-stdin") { Description = "Read the secret from standard input instead of making one" };
        var command = new Command("add", """
            Give a client a further secret; it is shown once. The old ones stay good until they are removed.

            Examples:
              idp client secret add webmail --description "from May on"
              idp client secret add webmail --expires 90d
            """) { id, description, expires, stdin };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var bench = await Workbench.OpenAsync(shell, cancel);
            var now = bench.Clock.GetUtcNow();
            var given = parsed.GetValue(stdin) ? await shell.Terminal.Input.ReadLineAsync(cancel) ?? "" : null;
            var end = parsed.GetValue(expires) is { } text ? Moments.Read(text, now, ahead: true) : null;
            var about = parsed.GetValue(description);
            List<Fault> faults = [];
            if (given is not null && ClientSecrets.Fault(given) is { } weak)
                faults.Add(new("--secret-stdin", weak));
            if (parsed.GetValue(expires) is { } bad && (end is null || end <= now))
                faults.Add(new("--expires", $"'{bad}' is not a time to come such as 2027-01-31T00:00:00Z, 90d or 12h"));
            if (about is { Length: > 200 })
                faults.Add(new("--description", "is longer than 200 characters"));
            if (faults.Count > 0)
                return shell.Refuse(faults);

            var plain = given ?? ClientSecrets.New();
            var secret = ClientSecrets.Hash(plain, end, about);
            var clientId = parsed.GetValue(id)!;
            if (!await bench.Clients.ChangeAsync(clientId, client => With(client, secret),
                new AuditEntry("client-secret-added", Workbench.Actor, Details: ClientSecrets.IdOf(secret)), cancel))
                return Unknown(shell, clientId);
            var data = ToJson(secret);
            data["clientId"] = clientId;
            if (given is null)
                data["clientSecret"] = plain;
            return shell.Say(data,
                [
                    $"Client '{clientId}' has a further {Describe(secret)}; running servers know it within five seconds.",
                    .. (string[])(given is null ? ["", $"  client secret  {plain}", "", "The secret is shown only now: it is kept as a hash."] : []),
                ]);
        });
        return command;
    }

    private static Command List(Shell shell)
    {
        var id = Id();
        var command = new Command("list", "Show what secrets a client has; the secrets themselves are kept as hashes") { id };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var bench = await Workbench.LookAsync(shell, cancel);
            if (await bench.Clients.FindAsync(parsed.GetValue(id)!, cancel) is not { } client)
                return Unknown(shell, parsed.GetValue(id)!);
            return shell.Say(
                new JsonArray([.. client.ClientSecrets.Select(ToJson)]),
                TextTable.Of(["SECRET", "EXPIRES", "DESCRIPTION"], client.ClientSecrets.Select(secret => (string[])
                    [ClientSecrets.IdOf(secret), secret.ExpiresAt is { } end ? $"{end:u}" : "never", Spoken.OneLine(secret.Description ?? "")])));
        });
        return command;
    }

    private static Command Remove(Shell shell)
    {
        var id = Id();
        var which = new Argument<string>("SECRET") { Description = "The secret's id, from: idp client secret list ID" };
        var command = new Command("remove", "Take a secret away: whoever uses it is refused. The last one stays") { id, which };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var bench = await Workbench.OpenAsync(shell, cancel);
            var (clientId, secretId) = (parsed.GetValue(id)!, parsed.GetValue(which)!);
            if (!await bench.Clients.ChangeAsync(clientId, client => Without(client, secretId),
                new AuditEntry("client-secret-removed", Workbench.Actor, Details: secretId), cancel))
                return Unknown(shell, clientId);
            return shell.Say(
                new JsonObject { ["clientId"] = clientId, ["secret"] = secretId, ["removed"] = true },
                $"Secret {secretId} of '{clientId}' is removed; running servers know within five seconds.");
        });
        return command;
    }

    private static Argument<string> Id() => new("ID") { Description = "The client's id" };

    private static Client With(Client client, ClientSecret secret)
    {
        if (!client.RequireClientSecret)
            throw new FaultsException("", $"'{client.ClientId}' is a public client and has no secrets");
        if (client.ClientSecrets.Count >= MostSecrets)
            throw new FaultsException("", $"'{client.ClientId}' has {client.ClientSecrets.Count} secrets already; remove one first");
        if (client.ClientSecrets.Any(known => known.Sha256.AsSpan().SequenceEqual(secret.Sha256)))
            throw new FaultsException("", $"'{client.ClientId}' has this secret already");
        return client with { ClientSecrets = [.. client.ClientSecrets, secret] };
    }

    private static Client Without(Client client, string secretId)
    {
        ClientSecret[] left = [.. client.ClientSecrets.Where(secret => ClientSecrets.IdOf(secret) != secretId)];
        if (left.Length == client.ClientSecrets.Count)
            throw new FaultsException("SECRET", $"'{client.ClientId}' has no secret '{Spoken.OneLine(secretId)}'");
        if (left.Length == 0)
            throw new FaultsException("SECRET", $"'{secretId}' is the last one; add another first: idp client secret add {client.ClientId}");
        return client with { ClientSecrets = left };
    }

    private static int Unknown(Shell shell, string clientId) => shell.Refuse($"There is no client '{clientId}'.");

    private static JsonObject ToJson(ClientSecret secret) => new()
    {
        ["secret"] = ClientSecrets.IdOf(secret), ["description"] = secret.Description, ["expiresAt"] = secret.ExpiresAt,
    };
}
