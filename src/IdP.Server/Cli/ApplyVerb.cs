using System.CommandLine;
using System.Text.Json.Nodes;
using IdP.Server.Accounts;
using IdP.Server.Cli.Apply;
using IdP.Server.Factors;
using IdP.Server.StepUp;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Cli;

/// <summary>"apply FILE": a file describes state; running it again changes nothing.</summary>
internal static class ApplyVerb
{
    public static Command Make(Shell shell)
    {
        var file = new Argument<string>("FILE") { Description = "JSON or YAML; - reads standard input" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would change, and change nothing" };
        var command = new Command("apply", """
            Make scopes, clients, users and binding policies as a file describes them. It may be run again and again.

            Everything is checked before anything is changed, and all changes are one transaction. A client or scope is
            described whole: what is left out takes its default, but client secrets that are left out stay. Of a user,
            what is left out stays. Clients and users that the file does not name are left alone.

            Examples:
              idp apply idp.yaml --dry-run
              idp apply idp.yaml

            idp.yaml:
              scopes:
                - name: api
              clients:
                - clientId: web
                  clientSecrets: ["at least sixteen characters"]
                  allowedGrantTypes: [authorization_code, refresh_token]
                  allowOfflineAccess: true
                  redirectUris: ["https://web.example.com/callback"]
                  allowedScopes: [openid, profile, email, offline_access]
              users:
                - userName: alice
                  email: alice@example.com
                  name: Alice
                  password: "correct horse battery"
                  totpSecret: JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP
              bindingPolicies:                  # who must have a second factor; disabled: true ends one
                - name: all
                  everyone: true                # or groups: [staff], or clients: [web], or both
                  from: "2027-01-31T00:00:00Z"
                  skips: 3
                  factors: [totp]               # any when left out
            """) { file, dryRun };
        command.SetAction((parsed, cancel) => RunAsync(shell, parsed.GetValue(file)!, parsed.GetValue(dryRun), cancel));
        return command;
    }

    private static async Task<int> RunAsync(Shell shell, string file, bool dryRun, CancellationToken cancel)
    {
        var root = DocumentReader.Read(file, await TextAsync(shell, file, cancel));
        await using var bench = await Workbench.OpenAsync(shell, cancel);
        var changes = await PlanAsync(bench, root, dryRun, cancel);
        if (!dryRun && changes.Any(c => c.Writes))
        {
            await bench.Database.TransactAsync(async lane =>
            {
                foreach (var change in changes)
                    await change.Write(lane, cancel);
                return true;
            }, cancel);
        }

        var total = $"{changes.Count(c => c.Action == "add")} added, {changes.Count(c => c.Action == "change")} changed, {changes.Count(c => !c.Writes)} unchanged";
        return shell.Say(
            new JsonObject { ["dryRun"] = dryRun, ["changes"] = new JsonArray([.. changes.Select(c => c.ToJson())]) },
            [.. changes.Select(c => c.ToString()), total + (dryRun ? "; this was a dry run, nothing was changed." : ".")]);
    }

    private static async Task<List<Change>> PlanAsync(Workbench bench, JsonObject root, bool dryRun, CancellationToken cancel)
    {
        var scopes = (await bench.Scopes.ListAsync(cancel)).ToDictionary(s => s.Name, StringComparer.Ordinal);
        var clients = (await bench.Clients.ListAsync(cancel)).ToDictionary(c => c.ClientId, StringComparer.Ordinal);
        var policies = bench.Get<BindingPolicyStore>();
        var document = new ApplyReader([.. scopes.Values], clients, new UserRules(bench.Options.SignIn.MinimumPasswordLength)).Read(root);

        var registrations = new RegistrationPlan(bench.Scopes, bench.Clients, policies);
        var demanded = (await policies.ListAsync(cancel)).ToDictionary(p => p.Name, StringComparer.Ordinal);
        List<Change> changes =
        [
            .. document.Scopes.Select(s => registrations.For(s, scopes.GetValueOrDefault(s.Name))),
            .. document.Clients.Select(c => registrations.For(c.Client, clients.GetValueOrDefault(c.Client.ClientId))),
            .. document.BindingPolicies.Select(p => registrations.For(p, demanded.GetValueOrDefault(p.Name))),
        ];
        var people = new UserPlan(bench.Users, bench.Get<Passwords>(), bench.Get<FactorBindings>());
        foreach (var user in document.Users)
            changes.Add(await people.ForAsync(user.Entry, await bench.FindUserAsync(user.Entry.UserName, cancel), dryRun, cancel));
        return changes;
    }

    private static async Task<string> TextAsync(Shell shell, string file, CancellationToken cancel)
    {
        try
        {
            return file == "-" ? await shell.Terminal.Input.ReadToEndAsync(cancel) : await File.ReadAllTextAsync(file, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FaultsException("", $"'{file}' cannot be read: {e.Message}");
        }
    }
}
