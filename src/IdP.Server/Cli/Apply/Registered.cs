using IdP.Protocol.Clients;
using IdP.Protocol.Tokens;
using IdP.Server.StepUp;

namespace IdP.Server.Cli.Apply;

/// <summary>What is there before the file is applied, by name.</summary>
internal sealed record Registered(IReadOnlyDictionary<string, Scope> Scopes, IReadOnlyDictionary<string, Client> Clients, IReadOnlyDictionary<string, BindingPolicy> Policies)
{
    /// <summary>Of a database that has no tables yet.</summary>
    public static readonly Registered Nothing = new(new Dictionary<string, Scope>(), new Dictionary<string, Client>(), new Dictionary<string, BindingPolicy>());

    public static async Task<Registered> ReadAsync(Workbench bench, CancellationToken cancel) => new(
        (await bench.Scopes.ListAsync(cancel)).ToDictionary(s => s.Name, StringComparer.Ordinal),
        (await bench.Clients.ListAsync(cancel)).ToDictionary(c => c.ClientId, StringComparer.Ordinal),
        (await bench.Get<BindingPolicyStore>().ListAsync(cancel)).ToDictionary(p => p.Name, StringComparer.Ordinal));
}
