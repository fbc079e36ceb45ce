using System.Text.Json;
using System.Text.Json.Nodes;
using IdP.Protocol.Clients;
using IdP.Protocol.Tokens;
using IdP.Server.StepUp;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Cli.Apply;

/// <summary>Scopes, clients and binding policies: the file describes each whole, so what it leaves out takes its default (of a client, secrets and algorithm stay).</summary>
internal sealed class RegistrationPlan(ScopeStore scopes, ClientStore clients, BindingPolicyStore policies)
{
    public Change For(Scope described, Scope? stored) => Compare("scope", described.Name,
        stored is null ? null : Node(stored), Node(described),
        (lane, cancel) => scopes.SaveAsync(lane, described, Workbench.Actor, cancel));

    public Change For(Client described, Client? stored) => Compare("client", described.ClientId,
        stored is null ? null : ClientJson.ToObject(stored), ClientJson.ToObject(described),
        (lane, cancel) => clients.SaveAsync(lane, described, Workbench.Actor, cancel));

    public Change For(BindingPolicy described, BindingPolicy? stored) => Compare("bindingPolicy", described.Name,
        stored is null ? null : Node(stored), Node(described),
        (lane, cancel) => policies.SaveAsync(lane, described, Workbench.Actor, cancel));

    private static JsonObject Node(BindingPolicy policy) => (JsonObject)JsonSerializer.SerializeToNode(policy, BindingPolicyJson.Default.BindingPolicy)!;

    private static JsonObject Node(Scope scope) => (JsonObject)JsonSerializer.SerializeToNode(scope, ClientJson.ScopeType)!;

    private static Change Compare(string kind, string name, JsonObject? before, JsonObject after, Func<Storage.Lane, CancellationToken, Task> write)
    {
        if (before is null)
            return new(kind, name, "add", [], write);
        var differing = before.Select(m => m.Key).Union(after.Select(m => m.Key)).Where(member => !JsonNode.DeepEquals(before[member], after[member])).ToList();
        return differing.Count == 0 ? Change.Unchanged(kind, name) : new(kind, name, "change", differing, write);
    }
}
