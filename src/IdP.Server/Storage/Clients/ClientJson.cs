using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using IdP.Protocol.Clients;
using IdP.Protocol.Tokens;

namespace IdP.Server.Storage.Clients;

/// <summary>Clients and scopes as they are stored: camelCase JSON with exactly the model's names, secrets as hashes.</summary>
internal static class ClientJson
{
    private static readonly ClientJsonContext Json = new(new JsonSerializerOptions(ClientJsonContext.Default.Options)
    {
        // Names in any script stay readable in the table; the text is never put into a page as it is.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>What a client has that says nothing but its name.</summary>
    private static readonly JsonObject Defaults = ToObject(new Client { ClientId = "" });

    public static JsonTypeInfo<Client> ClientType => Json.Client;
    public static JsonTypeInfo<Scope> ScopeType => Json.Scope;

    public static string Write(Client client) => JsonSerializer.Serialize(client, Json.Client);

    public static string Write(Scope scope) => JsonSerializer.Serialize(scope, Json.Scope);

    public static Client ReadClient(string json) => FromObject((JsonObject)JsonNode.Parse(json)!);

    public static Scope ReadScope(string json) => JsonSerializer.Deserialize(json, Json.Scope)!;

    public static JsonObject ToObject(Client client) => (JsonObject)JsonSerializer.SerializeToNode(client, Json.Client)!;

    /// <summary>
    /// Members that are absent take the model's defaults: the generated reader would give an absent init-only member its type's
    /// default instead, so that a row written before a member existed would read as "false" or "0".
    /// </summary>
    public static Client FromObject(JsonObject members)
    {
        var whole = (JsonObject)Defaults.DeepClone();
        foreach (var (name, value) in members)
            whole[name] = value?.DeepClone();
        return whole.Deserialize(Json.Client)!;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Client))]
[JsonSerializable(typeof(Scope))]
internal sealed partial class ClientJsonContext : JsonSerializerContext;
