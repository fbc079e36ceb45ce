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

            Everything is checked before anything is changed - a database that is new gets its tables only then - and all
            changes are one transaction. A client or scope is
            described whole: what is left out takes its default, but client secrets and idTokenSigningAlg stay. Of a user,
            what is left out stays. Clients and users that the file does not name are left alone.

            Examples:
              idp apply idp.yaml --dry-run
              idp apply idp.yaml

            idp.yaml:
              scopes:
                - name: api
              clients:
                - clientId: web
                  clientSecrets: ["the output of: openssl rand -base64 32"]
                  allowedGrantTypes: [authorization_code, refresh_token]
                  allowOfflineAccess: true
                  redirectUris: ["https://web.example.com/callback"]
                  allowedScopes: [openid, profile, email, offline_access]
              users:
                - userName: alice
                  email: alice@example.com
                  name: Alice
                  claims:                       # what the scopes profile, phone and address tell
                    phone_number: "+86 10 5550 0100"
                    phone_number_verified: true
                    address: {street_address: "1 Example Road", locality: Beijing, country: CN}
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
        await using var bench = Workbench.Of(shell);
        var stored = await bench.IsNewAsync(cancel) ? Registered.Nothing : await Registered.ReadAsync(bench, cancel);
        var changes = await PlanAsync(bench, stored, root, dryRun, cancel);
        if (!dryRun && changes.Any(c => c.Writes))
        {
            await bench.Database.MigrateAsync(cancel);
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

    private static async Task<List<Change>> PlanAsync(Workbench bench, Registered stored, JsonObject root, bool dryRun, CancellationToken cancel)
    {
        var document = new ApplyReader([.. stored.Scopes.Values], stored.Clients, new UserRules(bench.Options.SignIn.MinimumPasswordLength)).Read(root);
        var registrations = new RegistrationPlan(bench.Scopes, bench.Clients, bench.Get<BindingPolicyStore>());
        List<Change> changes =
        [
            .. document.Scopes.Select(s => registrations.For(s, stored.Scopes.GetValueOrDefault(s.Name))),
            .. document.Clients.Select(c => registrations.For(c.Client, stored.Clients.GetValueOrDefault(c.Client.ClientId))),
            .. document.BindingPolicies.Select(p => registrations.For(p, stored.Policies.GetValueOrDefault(p.Name))),
        ];
        var people = new UserPlan(bench.Users, bench.Get<Passwords>(), bench.Get<FactorBindings>());
        foreach (var user in document.Users)
        {
            var known = ReferenceEquals(stored, Registered.Nothing) ? null : await bench.FindUserAsync(user.Entry.UserName, cancel);
            changes.Add(await people.ForAsync(user.Entry, known, dryRun, cancel));
        }

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
