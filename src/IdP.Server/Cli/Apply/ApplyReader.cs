using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using IdP.Protocol.Clients;
using IdP.Protocol.Tokens;
using IdP.Server.StepUp;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Cli.Apply;

/// <summary>From the document's tree to typed content, with every fault and where it is.</summary>
/// <param name="storedScopes">The operators' own scopes that are stored already.</param>
/// <param name="storedClients">By id: where the file says nothing of a client's secrets, these are looked at.</param>
internal sealed class ApplyReader(IReadOnlyList<Scope> storedScopes, IReadOnlyDictionary<string, Client> storedClients, UserRules userRules)
{
    private static readonly string[] Sections = ["scopes", "clients", "users", "bindingPolicies"];

    private readonly List<Fault> faults = [];

    /// <exception cref="FaultsException">With all faults.</exception>
    public ApplyDocument Read(JsonObject root)
    {
        faults.AddRange(root.Where(m => !Sections.Contains(m.Key)).Select(m => new Fault(m.Key, Members.Unknown(m.Key, Sections))));
        var scopes = Items(root, "scopes").Select(Scope).OfType<Scope>().ToList();
        var known = new ScopeCatalogue(storedScopes.Concat(scopes));
        var clients = Items(root, "clients").Select(item => Client(item, known)).OfType<DescribedClient>().ToList();
        var users = Items(root, "users").Select(User).OfType<DescribedUser>().ToList();
        var clientIds = storedClients.Keys.Concat(clients.Select(c => c.Client.ClientId)).ToHashSet(StringComparer.Ordinal);
        var policies = Items(root, "bindingPolicies").Select(item => Policy(item, clientIds)).OfType<BindingPolicy>().ToList();

        Twice("scopes", "name", [.. scopes.Select(s => s.Name)]);
        Twice("clients", "clientId", [.. clients.Select(c => c.Client.ClientId)]);
        Twice("users", "userName", [.. users.Select(u => UserRules.Key(u.Entry.UserName))]);
        Twice("bindingPolicies", "name", [.. policies.Select(p => p.Name)]);
        return faults.Count == 0 ? new(scopes, clients, users, policies) : throw new FaultsException(faults);
    }

    private List<(JsonObject Given, string Path)> Items(JsonObject root, string section)
    {
        List<(JsonObject, string)> items = [];
        if (root[section] is not { } node)
            return items;
        if (node is not JsonArray list)
        {
            faults.Add(new(section, "must be a list"));
            return items;
        }

        for (var i = 0; i < list.Count; i++)
        {
            if (list[i] is JsonObject item)
                items.Add((item, $"{section}[{i}]"));
            else
                faults.Add(new($"{section}[{i}]", "must be an object"));
        }

        return items;
    }

    private Scope? Scope((JsonObject Given, string Path) item)
    {
        if (Fitting(item, ClientJson.ScopeType) is not { } fitting)
            return null;
        var scope = fitting.Deserialize(ClientJson.ScopeType)!;
        Add(item.Path, ScopeRules.Check(scope));
        return scope;
    }

    private DescribedClient? Client((JsonObject Given, string Path) item, ScopeCatalogue known)
    {
        if (Fitting(item, ClientJson.ClientType) is not { } fitting)
            return null;
        var given = fitting["clientSecrets"] as JsonArray;
        fitting.Remove("clientSecrets");
        var client = ClientJson.FromObject(fitting);
        var stored = storedClients.GetValueOrDefault(client.ClientId);
        // An app that goes by one algorithm would refuse its next id_token: what the default is now does not change it.
        if (stored is not null && !fitting.ContainsKey("idTokenSigningAlg"))
            client = client with { IdTokenSigningAlg = stored.IdTokenSigningAlg };
        var kept = client.RequireClientSecret ? stored?.ClientSecrets ?? [] : [];
        client = client with { ClientSecrets = given is null ? kept : Secrets(given, item.Path + ".clientSecrets") };
        Add(item.Path, ClientValidator.Check(client, known));
        return new(item.Path, client, given is not null);
    }

    private List<ClientSecret> Secrets(JsonArray given, string path)
    {
        List<ClientSecret> secrets = [];
        for (var i = 0; i < given.Count; i++)
        {
            var here = $"{path}[{i}]";
            if (Secret(given[i], here) is not { } secret)
                continue;
            if (ClientSecrets.Fault(secret.Value) is { } weak)
                faults.Add(new(given[i] is JsonObject ? here + ".value" : here, weak));
            secrets.Add(ClientSecrets.Hash(secret.Value, secret.ExpiresAt, secret.Description));
        }

        return secrets;
    }

    private SecretEntry? Secret(JsonNode? node, string path)
    {
        if (node is JsonValue value && value.GetValueKind() == JsonValueKind.String)
            return new SecretEntry { Value = value.GetValue<string>() };
        if (node is JsonObject entry)
            return Fitting((entry, path), ApplyJsonContext.Default.SecretEntry)?.Deserialize(ApplyJsonContext.Default.SecretEntry);
        faults.Add(new(path, "must be text (in quotes), or an object with value, expiresAt, description"));
        return null;
    }

    private DescribedUser? User((JsonObject Given, string Path) item)
    {
        if (Fitting(item, ApplyJsonContext.Default.UserEntry)?.Deserialize(ApplyJsonContext.Default.UserEntry) is not { } entry)
            return null;
        Add(item.Path, userRules.Check(entry));
        return new(item.Path, entry);
    }

    private BindingPolicy? Policy((JsonObject Given, string Path) item, HashSet<string> clientIds)
    {
        if (Fitting(item, BindingPolicyJson.Default.BindingPolicy)?.Deserialize(BindingPolicyJson.Default.BindingPolicy) is not { } policy)
            return null;
        Add(item.Path, BindingPolicyRules.Check(policy, clientIds));
        return policy;
    }

    /// <summary>Null when a required member is missing or of another type: nothing more can be said about the item then.</summary>
    private JsonObject? Fitting((JsonObject Given, string Path) item, JsonTypeInfo type)
    {
        var fitting = Members.Fitting(item.Given, type, item.Path, faults);
        return type.Properties.Where(Members.IsRequired).All(p => fitting.ContainsKey(p.Name)) ? fitting : null;
    }

    /// <summary>Leaves out what only follows from a fault that was reported before: a list of the wrong type is not "empty" too.</summary>
    private void Add(string path, IEnumerable<Fault> found)
    {
        var bad = faults.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        faults.AddRange(found.Select(f => f.Under(path)).Where(f => !bad.Any(b => b == f.Path || b.StartsWith(f.Path + "[", StringComparison.Ordinal) || b.StartsWith(f.Path + ".", StringComparison.Ordinal))));
    }

    private void Twice(string section, string member, IReadOnlyList<string> names)
    {
        foreach (var name in names.CountBy(n => n, StringComparer.Ordinal).Where(n => n.Value > 1).Select(n => n.Key))
            faults.Add(new(section, $"{member} '{name}' appears more than once"));
    }
}
