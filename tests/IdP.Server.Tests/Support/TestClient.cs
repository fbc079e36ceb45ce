using IdP.Protocol.Clients;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Tests.Support;

/// <summary>A registered relying party as the tests know it.</summary>
/// <param name="Secret">Null for a public client.</param>
public sealed record TestClient(string Id, string? Secret)
{
    public const string Everything = "openid profile email address phone offline_access api";

    public string RedirectUri { get; init; } = $"https://{Id}.example/callback";
    public string PostLogoutRedirectUri => $"https://{Id}.example/signed-out";
    public bool Pkce { get; init; } = true;
    public string Alg { get; init; } = "RS256";
    public string Policy { get; init; } = "WhenBound";
    public string? MinimumAcr { get; init; }
    public bool Consent { get; init; }
    public string AccessTokenType { get; init; } = "jwt";
    public bool Refresh { get; init; } = true;

    /// <summary>As the conformance suite registers its clients: a secret, no PKCE, RS256.</summary>
    public static readonly TestClient Suite = new("suite", "suite-secret-of-plenty-of-characters") { Pkce = false, Policy = "OnRequest" };
    public static readonly TestClient SuiteTwo = new("suite-two", "suite-two-secret-of-plenty-of-characters") { Pkce = false, Policy = "OnRequest" };
    /// <summary>Registered with a query in its redirect URI.</summary>
    public static readonly TestClient WithQuery = new("suite-query", "suite-query-secret-of-characters") { Pkce = false, Policy = "OnRequest", RedirectUri = "https://suite-query.example/callback?dummy1=lorem&dummy2=ipsum" };
    /// <summary>As our own tools register, with ES256: PKCE, a second factor whenever one is bound.</summary>
    public static readonly TestClient Web = new("web", "web-secret-of-plenty-of-characters") { Alg = "ES256" };
    public static readonly TestClient Calm = new("calm", "calm-secret-of-plenty-of-characters-7xq2vk9") { Alg = "ES256", Policy = "OnRequest" };
    public static readonly TestClient Strict = new("strict", "strict-secret-of-plenty-of-characters") { Alg = "ES256", MinimumAcr = "mfa", Policy = "OnRequest" };
    public static readonly TestClient Asking = new("asking", "asking-secret-of-plenty-of-characters") { Consent = true, Policy = "OnRequest" };
    public static readonly TestClient Native = new("native", null) { Alg = "ES256", RedirectUri = "http://127.0.0.1/callback", Policy = "OnRequest" };
    public static readonly TestClient Opaque = new("opaque", "opaque-secret-of-plenty-of-characters") { AccessTokenType = "reference", Policy = "OnRequest" };

    public static readonly IReadOnlyList<TestClient> All = [Suite, SuiteTwo, WithQuery, Web, Calm, Strict, Asking, Native, Opaque];

    internal Client ToClient() => new()
    {
        ClientId = Id,
        ClientName = $"The {Id} app",
        ClientSecrets = Secret is null ? [] : [ClientSecrets.Hash(Secret)],
        RequireClientSecret = Secret is not null,
        RedirectUris = [RedirectUri],
        PostLogoutRedirectUris = [PostLogoutRedirectUri],
        AllowedScopes = Everything.Split(' '),
        AllowedGrantTypes = !Refresh ? ["authorization_code"] : Secret is null ? ["authorization_code", "refresh_token"] : ["authorization_code", "refresh_token", "client_credentials"],
        AllowOfflineAccess = true,
        RequirePkce = Pkce,
        IdTokenSigningAlg = Alg,
        SecondFactorPolicy = Policy,
        RequireConsent = Consent,
        MinimumAcr = MinimumAcr,
        AccessTokenType = AccessTokenType,
    };
}
