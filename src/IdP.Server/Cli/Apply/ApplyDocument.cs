using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using IdP.Protocol.Clients;
using IdP.Protocol.Tokens;
using IdP.Server.StepUp;

namespace IdP.Server.Cli.Apply;

/// <summary>What an operator's file says, read and typed.</summary>
internal sealed record ApplyDocument(IReadOnlyList<Scope> Scopes, IReadOnlyList<DescribedClient> Clients, IReadOnlyList<DescribedUser> Users, IReadOnlyList<BindingPolicy> BindingPolicies);

/// <param name="Path">"clients[0]".</param>
/// <param name="SecretsGiven">False: the file says nothing of secrets, those stored stay.</param>
internal sealed record DescribedClient(string Path, Client Client, bool SecretsGiven);

/// <param name="Path">"users[0]".</param>
internal sealed record DescribedUser(string Path, UserEntry Entry);

/// <summary>A person in the file; what is left out is left as it is.</summary>
internal sealed record UserEntry
{
    public required string UserName { get; init; }
    public string? Email { get; init; }
    public bool? EmailVerified { get; init; }
    public string? Name { get; init; }
    public string? Locale { get; init; }
    /// <summary>Further standard claims by name: phone_number, address and so on; apps get them by the scopes of OIDC Core §5.4.</summary>
    public JsonObject? Claims { get; init; }
    public string? Password { get; init; }
    /// <summary>Base32, for a six-digit, 30-second SHA-1 authenticator.</summary>
    public string? TotpSecret { get; init; }
    /// <summary>Names that policies speak of.</summary>
    public List<string>? Groups { get; init; }
    public bool? IsAdmin { get; init; }
    public bool? Disabled { get; init; }
}

/// <summary>The long form of a client secret in the file.</summary>
internal sealed record SecretEntry
{
    public required string Value { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public string? Description { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(UserEntry))]
[JsonSerializable(typeof(SecretEntry))]
[JsonSerializable(typeof(JsonNode))]
internal sealed partial class ApplyJsonContext : JsonSerializerContext;
