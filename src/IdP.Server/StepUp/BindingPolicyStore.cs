using System.Text.Json;
using IdP.Server.Audit;
using IdP.Server.Storage;

namespace IdP.Server.StepUp;

/// <summary>The operators' binding policies as they are kept.</summary>
internal sealed class BindingPolicyStore(Database database, AuditLog audit, TimeProvider clock)
{
    /// <summary>Always fresh.</summary>
    public async Task<IReadOnlyList<BindingPolicy>> ListAsync(CancellationToken cancel) => await database.ListAsync(
        "select json from binding_policies order by name", row => JsonSerializer.Deserialize(row.GetString(0), BindingPolicyJson.Default.BindingPolicy)!, cancel);

    /// <summary>Adds or replaces, in the caller's transaction; the policy has been checked by <see cref="BindingPolicyRules"/>. Every node goes by it within three seconds.</summary>
    public async Task SaveAsync(Lane lane, BindingPolicy policy, string actor, CancellationToken cancel)
    {
        await lane.ExecuteAsync("""
            insert into binding_policies (name, json, updated_at) values (@name, @json, @now)
            on conflict (name) do update set json = excluded.json, updated_at = excluded.updated_at
            """, cancel, ("@name", policy.Name), ("@json", JsonSerializer.Serialize(policy, BindingPolicyJson.Default.BindingPolicy)), ("@now", clock.GetUtcNow().Stored()));
        await audit.AddAsync(lane, new("binding-policy-saved", actor, Details: policy.Name), cancel);
    }
}
