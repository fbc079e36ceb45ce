using System.Text.Json.Serialization;
using IdP.Server.Accounts;

namespace IdP.Server.StepUp;

/// <summary>An operator's word that somebody must have a second factor. Groups say who, clients say where; each left empty narrows nothing.</summary>
internal sealed record BindingPolicy
{
    public required string Name { get; init; }
    /// <summary>Kept for later, demands nothing now.</summary>
    public bool Disabled { get; init; }
    public bool Everyone { get; init; }
    // Generated readers write null where a file says nothing.
    public IReadOnlyList<string> Groups { get; init => field = value ?? []; } = [];
    public IReadOnlyList<string> Clients { get; init => field = value ?? []; } = [];
    /// <summary>Nothing is demanded before; null: at once.</summary>
    public DateTimeOffset? From { get; init; }
    /// <summary>How often a person may put it off, once and for all.</summary>
    public int Skips { get; init; }
    /// <summary>The kinds of factor that will do; empty: any, but never one that is for the day the others are lost.</summary>
    public IReadOnlyList<string> Factors { get; init => field = value ?? []; } = [];

    public bool Concerns(UserRecord person, DateTimeOffset now) =>
        !Disabled && (From is null || From <= now) && (Everyone || Groups.Count == 0 || Groups.Any(person.Groups.Contains));

    /// <summary>Which of these would do.</summary>
    public IReadOnlyList<string> Among(IEnumerable<string> factors) => [.. factors.Where(factor => Factors.Count == 0 || Factors.Contains(factor))];
}

/// <summary>What one person must bind before anything else is answered.</summary>
/// <param name="Factors">What may be chosen; empty when this server has nothing that would do.</param>
/// <param name="Skips">The policy's number; the account counts how many were used.</param>
internal sealed record BindingDemand(IReadOnlyList<string> Factors, int Skips)
{
    /// <summary>The strictest demand that this person does not meet; null when there is none.</summary>
    /// <param name="clientId">Where they sign in; null: only what is demanded of them everywhere.</param>
    /// <param name="bound">What they have bound, or would have left.</param>
    /// <param name="installed">The factors that this server can bind, fallbacks left out.</param>
    public static BindingDemand? Read(
        IReadOnlyList<BindingPolicy> policies, UserRecord person, string? clientId, IReadOnlyList<string> bound, IReadOnlyList<string> installed, DateTimeOffset now) =>
        policies
            .Where(policy => policy.Concerns(person, now) && (policy.Clients.Count == 0 || (clientId is not null && policy.Clients.Contains(clientId))))
            .Where(policy => policy.Among(bound.Intersect(installed)).Count == 0)
            .OrderBy(policy => policy.Skips).ThenBy(policy => policy.Name, StringComparer.Ordinal)
            .Select(policy => new BindingDemand(policy.Among(installed), policy.Skips))
            .FirstOrDefault();

    public int SkipsLeft(UserRecord person) => Math.Max(0, Skips - person.BindingSkips);
}

[JsonSerializable(typeof(BindingPolicy))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class BindingPolicyJson : JsonSerializerContext;
