using System.Text.Json;
using System.Text.Json.Nodes;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Cli.Apply;

/// <summary>OIDC Core §5.1, §5.1.1: the claims behind the scopes phone and address have types that apps rely on.</summary>
internal static class ClaimRules
{
    private static readonly string[] AddressMembers = ["formatted", "street_address", "locality", "region", "postal_code", "country"];

    /// <param name="value">Null says that the person has no such claim.</param>
    public static IEnumerable<Fault> Check(string name, JsonNode? value) => (name, value) switch
    {
        (_, null) => [],
        ("phone_number", _) => Text(name, value),
        ("phone_number_verified", _) => value.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? [] : [new(name, "must be true or false")],
        ("address", JsonObject members) => members.SelectMany(member => AddressMembers.Contains(member.Key)
            ? Text($"{name}.{member.Key}", member.Value)
            : [new($"{name}.{member.Key}", Members.Unknown(member.Key, AddressMembers))]),
        ("address", _) => [new(name, "must be an object with some of " + string.Join(", ", AddressMembers))],
        _ => [],
    };

    private static Fault[] Text(string path, JsonNode? value) =>
        value?.GetValueKind() == JsonValueKind.String ? [] : [new(path, "must be text (in quotes)")];
}
