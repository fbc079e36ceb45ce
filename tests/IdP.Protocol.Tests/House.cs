using System.Security.Cryptography;
using System.Text;
using IdP.Protocol.Authorize;
using IdP.Protocol.Clients;
using IdP.Protocol.Discovery;
using IdP.Protocol.EndSession;
using IdP.Protocol.Introspection;
using IdP.Protocol.PushedAuthorization;
using IdP.Protocol.Revocation;
using IdP.Protocol.Token;
using IdP.Protocol.Tokens;
using IdP.Protocol.UserInfo;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IdP.Protocol.Tests;

/// <summary>The whole protocol on fakes: one person (alice), one web app, one native app, one machine, one API.</summary>
internal sealed class House : ISigningKeys
{
    public const string Issuer = "https://id.example";
    public const string Secret = "a-secret-of-enough-letters";
    public const string Callback = "https://app.example/callback";
    public const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    public const string Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    private static readonly ECDsa Ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private static readonly RSA Rsa = RSA.Create(2048);

    public House()
    {
        Codes = new FakeCodes(Families, Revocations);
        Pushed = new FakePushed(Time);
        Current = NewRing();
        IdTokens = new IdTokenReader(Options, this, Time);
        AccessTokens = new AccessTokenReader(Options, this, References, Revocations, Time);
        Mint = new TokenMint(Options, this, References, Time);
        Authentication = new ClientAuthentication(Clients, Time);
        Authorize = new AuthorizeReader(Clients, Scopes, Pushed, IdTokens, new AcrLevels(Options), Time);
        CodeIssuer = new CodeIssuer(Codes, Time);
        Tokens = new TokenPipeline(Authentication, Scopes, Mint, Codes, Families, Revocations, People, Options, Time);
        UserInfo = new UserInfoReader(AccessTokens, Clients, Scopes, People, Mint);
        Introspector = new Introspector(Options, Authentication, AccessTokens, Families, Revocations, Clients, Scopes, People, Time);
        Revoker = new Revoker(Authentication, AccessTokens, IdTokens, Families, Revocations);
        Pushing = new PushedAuthorizer(Options, Authentication, Authorize, Pushed, Time);
        EndSession = new EndSessionReader(Clients, IdTokens);
        Discovery = new DiscoveryDocument(Options, new AcrLevels(Options), Scopes);

        var hash = new ClientSecret(SHA256.HashData(Encoding.UTF8.GetBytes(Secret)));
        Add(new Client
        {
            ClientId = "web", ClientSecrets = [hash], RedirectUris = [Callback], PostLogoutRedirectUris = ["https://app.example/bye"],
            AllowedGrantTypes = ["authorization_code", "refresh_token"], AllowedScopes = ["openid", "profile", "email", "api"], AllowOfflineAccess = true,
            IdTokenSigningAlg = "ES256",
        });
        Add(new Client
        {
            ClientId = "native", RequireClientSecret = false, RedirectUris = ["http://127.0.0.1/cb", "http://[::1]:7000/cb"], AllowedScopes = ["openid"],
            AllowedGrantTypes = ["authorization_code", "refresh_token"],
        });
        Add(new Client { ClientId = "machine", ClientSecrets = [hash], AllowedGrantTypes = ["client_credentials"], AllowedScopes = ["api", "reports", "openid"] });
        Add(new Client { ClientId = "api-server", ClientSecrets = [hash], AllowedGrantTypes = [] });
        Add(new Client { ClientId = "other", ClientSecrets = [hash], AllowedGrantTypes = ["authorization_code", "refresh_token"], RedirectUris = [Callback], AllowedScopes = ["openid"] });
        People.All["alice-sub"] = new Person("alice-sub", new Dictionary<string, object>
        {
            ["preferred_username"] = "alice", ["name"] = "Alice A.", ["email"] = "alice@example.com", ["email_verified"] = true, ["updated_at"] = 1_700_000_000L,
        });
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    public ProtocolOptions Options { get; } = new() { Issuer = Issuer, AcrNames = new Dictionary<string, string> { ["urn:example:strong"] = "mfa" } };
    public FakeClients Clients { get; } = new();
    public FakeScopes Scopes { get; } = new();
    public FakePeople People { get; } = new();
    public FakeRevocations Revocations { get; } = new();
    public FakeFamilies Families { get; } = new();
    public FakeReferences References { get; } = new();
    public FakeCodes Codes { get; }
    public FakePushed Pushed { get; }
    public KeyRing Current { get; set; }

    public IdTokenReader IdTokens { get; }
    public AccessTokenReader AccessTokens { get; }
    public TokenMint Mint { get; }
    public ClientAuthentication Authentication { get; }
    public AuthorizeReader Authorize { get; }
    public CodeIssuer CodeIssuer { get; }
    public TokenPipeline Tokens { get; }
    public UserInfoReader UserInfo { get; }
    public Introspector Introspector { get; }
    public Revoker Revoker { get; }
    public PushedAuthorizer Pushing { get; }
    public EndSessionReader EndSession { get; }
    public DiscoveryDocument Discovery { get; }

    public void Add(Client client) => Clients.All[client.ClientId] = client;

    public void Change(string clientId, Func<Client, Client> change) => Add(change(Clients.All[clientId]));

    public static Parameters Form(params (string Name, string? Value)[] pairs) =>
        new(pairs.Where(pair => pair.Value is not null).Select(pair => KeyValuePair.Create(pair.Name, pair.Value!)));

    /// <summary>A good request of the web app; a later pair replaces an earlier one, null removes it.</summary>
    public static Parameters Request(params (string Name, string? Value)[] changes)
    {
        var all = new Dictionary<string, string?>
        {
            ["client_id"] = "web", ["redirect_uri"] = Callback, ["response_type"] = "code", ["scope"] = "openid", ["state"] = "st&te=1",
            ["code_challenge"] = Challenge, ["code_challenge_method"] = "S256",
        };
        foreach (var (name, value) in changes)
            all[name] = value;
        return Form([.. all.Select(pair => (pair.Key, pair.Value))]);
    }

    public Task<AuthorizeOutcome> ReadAsync(params (string Name, string? Value)[] changes) => Authorize.ReadAsync(Request(changes), default);

    public async Task<AuthorizeRequest> ValidAsync(params (string Name, string? Value)[] changes) =>
        Assert.IsType<AuthorizeOutcome.Valid>(await ReadAsync(changes)).Request;

    public async Task<string> ToClientAsync(params (string Name, string? Value)[] changes) =>
        Assert.IsType<AuthorizeOutcome.ForTheClient>(await ReadAsync(changes)).Error.Code;

    public async Task<string> ToPersonAsync(params (string Name, string? Value)[] changes) =>
        Assert.IsType<AuthorizeOutcome.ForThePerson>(await ReadAsync(changes)).Error.Code;

    public static Grant GrantFor(AuthorizeRequest request, DateTimeOffset givenAt, string acr = "pwd") => new()
    {
        Id = Secrets.New(16), ClientId = request.Client.ClientId, Subject = "alice-sub", SessionId = "session-1", Scopes = request.Scopes,
        AuthTime = new DateTimeOffset(2026, 3, 1, 11, 59, 0, TimeSpan.Zero), Acr = acr, Amr = ["pwd"], GivenAt = givenAt, SessionEndsAt = givenAt.AddHours(12),
        UserInfoClaims = request.UserInfoClaims, IdTokenClaims = request.IdTokenClaims,
    };

    public async Task<string> CodeAsync(params (string Name, string? Value)[] changes)
    {
        var request = await ValidAsync(changes);
        return await CodeIssuer.IssueAsync(request, GrantFor(request, Time.GetUtcNow()), default);
    }

    public Task<TokenOutcome> RedeemAsync(string code, string client = "web", string? verifier = Verifier, string? redirectUri = Callback) =>
        Tokens.RunAsync(Basic(client), Form(("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectUri), ("code_verifier", verifier)), default);

    public Task<TokenOutcome> RefreshAsync(string? token, string client = "web", string? scope = null) =>
        Tokens.RunAsync(Basic(client), Form(("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)), default);

    public async Task<TokenResponse> SignInAsync(params (string Name, string? Value)[] changes) => Issued(await RedeemAsync(await CodeAsync(changes)));

    public async Task<string> MachineTokenAsync() =>
        Issued(await Tokens.RunAsync(Basic("machine"), Form(("grant_type", "client_credentials"), ("scope", "api")), default)).AccessToken;

    public static TokenResponse Issued(TokenOutcome outcome) => Assert.IsType<TokenOutcome.Issued>(outcome).Response;

    public static string Refused(TokenOutcome outcome) => Assert.IsType<TokenOutcome.Refused>(outcome).Error.Code;

    public static string Basic(string client, string secret = Secret) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{client}:{secret}"));

    public static JsonWebToken Jwt(string? token) => new(Assert.IsType<string>(token));

    public static KeyRing NewRing() => new(
        new Dictionary<string, SigningCredentials>
        {
            ["ES256"] = new(new ECDsaSecurityKey(Ec) { KeyId = "ec-1" }, "ES256"),
            ["RS256"] = new(new RsaSecurityKey(Rsa) { KeyId = "rsa-1" }, "RS256"),
        },
        [
            new ECDsaSecurityKey(ECDsa.Create(Ec.ExportParameters(false))) { KeyId = "ec-1" },
            new RsaSecurityKey(Rsa.ExportParameters(false)) { KeyId = "rsa-1" },
        ])
    { JwksJson = [] };
}
