using System.Text.Json;
using System.Text.Json.Serialization;

namespace IdP.Server.Accounts;

/// <summary>How proofs and claims are written in their rows; generated, so that no hot path reflects.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Proofs))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
internal sealed partial class AccountJson : JsonSerializerContext;
