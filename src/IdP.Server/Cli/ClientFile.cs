using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdP.Protocol.Clients;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Cli;

/// <summary>One client as a file that "apply" takes. Secrets are left out, which leaves those that are stored as they are.</summary>
internal static class ClientFile
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static JsonObject ToJson(Client client) => new() { ["clients"] = new JsonArray(Members(client)) };

    /// <summary>Values are written as JSON, which YAML reads too.</summary>
    public static IEnumerable<string> ToYaml(Client client) =>
    [
        "clients:",
        .. Members(client).Select((member, i) => $"  {(i == 0 ? "- " : "  ")}{member.Key}: {member.Value!.ToJsonString(Readable)}"),
        .. client.ClientSecrets.Select(secret => $"    # {ClientSecretVerbs.Describe(secret)}"),
    ];

    private static JsonObject Members(Client client)
    {
        var members = ClientJson.ToObject(client);
        members.Remove("clientSecrets");
        return members;
    }
}
