using System.Security.Cryptography;
using System.Text.Json.Serialization;
using IdP.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IdP.Benchmarks.Floors;

/// <summary>
/// What no provider on this machine can go below: bare Kestrel, with the server's own limits, that does the one piece of
/// cryptography and answers the same JSON. No clients, no secrets, no stores, no logs. Runs in a process of its own, started by this same program.
/// </summary>
internal static partial class FloorServer
{
    public const string Issuer = "http://floor", Audience = "resource";

    public static void Run(int port)
    {
        // It watches its settings' folder for changes: where somebody starts this there may be a database whose every write would then wake it.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureIdpKestrel(new IdpOptions { Listen = { Urls = $"http://127.0.0.1:{port}", Management = "" } });
        builder.Services.ConfigureHttpJsonOptions(o => o.SerializerOptions.TypeInfoResolverChain.Insert(0, Json.Default));
        var app = builder.Build();
        var tokens = new Tokens(TimeProvider.System);
        app.MapGet("/hello", () => "hello");
        app.MapPost("/sign", async (HttpContext http) =>
        {
            var form = await http.Request.ReadFormAsync();
            return Results.Json(new TokenAnswer(tokens.Sign(form["client_id"]!, form["scope"]!, form["shape"] == "person"), "Bearer", 3600, form["scope"]!), Json.Default.TokenAnswer);
        });
        app.MapPost("/verify", async (HttpContext http) =>
        {
            var form = await http.Request.ReadFormAsync();
            return await tokens.VerifyAsync(form["token"]!) is { } token
                ? Results.Json(new Introspected(true, token.Issuer, token.Subject, Claim(token, "client_id"), Claim(token, "scope"), token.Id, Number(token, "iat"), Number(token, "exp"), "Bearer"), Json.Default.Introspected)
                : Results.Unauthorized();
        });
        app.MapGet("/whoami", async (HttpContext http) =>
            await tokens.VerifyAsync(http.Request.Headers.Authorization.ToString()["Bearer ".Length..]) is { } token
                ? Results.Json(new Person(token.Subject, "Person 1", "person001@example.com", true), Json.Default.Person)
                : Results.Unauthorized());
        app.Run();
    }

    private static string Claim(JsonWebToken token, string name) => token.GetPayloadValue<string>(name);

    private static long Number(JsonWebToken token, string name) => token.GetPayloadValue<long>(name);

    private sealed class Tokens(TimeProvider clock)
    {
        private readonly JsonWebTokenHandler handler = new() { SetDefaultTimesOnTokenCreation = false };
        private readonly SigningCredentials credentials = new(new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = "floor-key" }, SecurityAlgorithms.EcdsaSha256);

        public string Sign(string client, string scope, bool person)
        {
            var now = clock.GetUtcNow();
            var claims = new Dictionary<string, object>
            {
                ["sub"] = client, ["client_id"] = client, ["scope"] = scope, ["jti"] = Convert.ToHexString(RandomNumberGenerator.GetBytes(16)),
            };
            if (person)
            {
                claims["auth_time"] = now.ToUnixTimeSeconds();
                claims["acr"] = "pwd";
                claims["amr"] = new[] { "pwd" };
                claims["sid"] = "0123456789012345678901";
            }
            return handler.CreateToken(new SecurityTokenDescriptor
            {
                Issuer = Issuer, Audience = Audience, IssuedAt = now.UtcDateTime, Expires = now.UtcDateTime.AddHours(1), TokenType = "at+jwt",
                Claims = claims, SigningCredentials = credentials,
            });
        }

        public async Task<JsonWebToken?> VerifyAsync(string token)
        {
            var result = await handler.ValidateTokenAsync(token, new TokenValidationParameters
            {
                ValidIssuer = Issuer, ValidAudience = Audience, ValidTypes = ["at+jwt"], IssuerSigningKey = credentials.Key, ValidAlgorithms = ["ES256"],
            });
            return result.IsValid ? (JsonWebToken)result.SecurityToken : null;
        }
    }

    internal sealed record TokenAnswer(
        [property: JsonPropertyName("access_token")] string AccessToken, [property: JsonPropertyName("token_type")] string TokenType,
        [property: JsonPropertyName("expires_in")] int ExpiresIn, [property: JsonPropertyName("scope")] string Scope);

    internal sealed record Introspected(
        [property: JsonPropertyName("active")] bool Active, [property: JsonPropertyName("iss")] string Issuer, [property: JsonPropertyName("sub")] string Subject,
        [property: JsonPropertyName("client_id")] string ClientId, [property: JsonPropertyName("scope")] string Scope, [property: JsonPropertyName("jti")] string Jti,
        [property: JsonPropertyName("iat")] long IssuedAt, [property: JsonPropertyName("exp")] long ExpiresAt, [property: JsonPropertyName("token_type")] string TokenType);

    internal sealed record Person(
        [property: JsonPropertyName("sub")] string Subject, [property: JsonPropertyName("name")] string Name,
        [property: JsonPropertyName("email")] string Email, [property: JsonPropertyName("email_verified")] bool EmailVerified);

    [JsonSerializable(typeof(TokenAnswer)), JsonSerializable(typeof(Introspected)), JsonSerializable(typeof(Person)), JsonSerializable(typeof(string))]
    private sealed partial class Json : JsonSerializerContext;
}
