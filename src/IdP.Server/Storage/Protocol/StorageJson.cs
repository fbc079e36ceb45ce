using System.Text.Json.Serialization;
using IdP.Protocol;
using IdP.Protocol.Tokens;

namespace IdP.Server.Storage.Protocol;

/// <summary>How the stores write what they keep; generated, so that no hot path reflects.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CodeContent))]
[JsonSerializable(typeof(Grant))]
[JsonSerializable(typeof(PushedRequest))]
[JsonSerializable(typeof(AccessTokenContent))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class StorageJson : JsonSerializerContext;
