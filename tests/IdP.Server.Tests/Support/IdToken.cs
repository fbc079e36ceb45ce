using System.Text.Json.Nodes;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IdP.Server.Tests.Support;

/// <summary>An id_token read as a relying party reads it: signature by kid against the published keys, then the claims.</summary>
public sealed record IdToken(JsonObject Header, JsonObject Claims)
{
    public string? this[string name] => Claims[name]?.ToString();

    public string Subject => this["sub"]!;

    public string? Acr => this["acr"];

    public string[] Amr => Claims["amr"] is JsonArray amr ? [.. amr.Select(value => value!.ToString())] : [];

    public DateTimeOffset At(string name) => DateTimeOffset.FromUnixTimeSeconds(Claims[name]!.GetValue<long>());

    public static IdToken Unverified(string jwt)
    {
        ArgumentNullException.ThrowIfNull(jwt);
        var parts = jwt.Split('.');
        return new((JsonObject)JsonNode.Parse(Base64UrlEncoder.Decode(parts[0]))!, (JsonObject)JsonNode.Parse(Base64UrlEncoder.Decode(parts[1]))!);
    }

    /// <summary>Signature, issuer, audience and times; throws with the reason.</summary>
    public static async Task<IdToken> ReadAsync(string jwt, string jwks, string issuer, string audience, TimeProvider clock)
    {
        var token = Unverified(jwt);
        var key = new JsonWebKeySet(jwks).Keys.Single(key => key.Kid == (string?)token.Header["kid"]);
        var now = clock.GetUtcNow().UtcDateTime;
        var result = await new JsonWebTokenHandler().ValidateTokenAsync(jwt, new TokenValidationParameters
        {
            IssuerSigningKey = key, ValidIssuer = issuer, ValidAudience = audience, ValidAlgorithms = ["RS256", "ES256"],
            LifetimeValidator = (_, expires, _, _) => expires > now,
        });
        Assert.True(result.IsValid, result.Exception?.ToString());
        return token;
    }
}
