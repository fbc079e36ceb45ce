using System.Security.Cryptography;
using System.Text;
using IdP.Protocol.Clients;
using IdP.Protocol.Token;
using IdP.Protocol.Tokens;
using IdP.Protocol.UserInfo;

namespace IdP.Protocol.Tests.Token;

/// <summary>RFC 6749 §4.1.3, RFC 7636 §4.6, OIDC Core §3.1.3.</summary>
public sealed class AuthorizationCodeTests
{
    private readonly House house = new();

    [Fact]
    public async Task A_code_gives_tokens_that_say_what_was_proven()
    {
        var tokens = await house.SignInAsync(("nonce", "n-0S6_WzA2Mj"), ("scope", "openid email api"));
        var access = House.Jwt(tokens.AccessToken);
        Assert.Equal(("at+jwt", "ES256", "ec-1"), (access.Typ, access.Alg, access.Kid));
        Assert.Equal((House.Issuer, "alice-sub", "web", "openid email api", "pwd", "session-1"),
            (access.Issuer, access.Subject, access.GetClaim("client_id").Value, access.GetClaim("scope").Value, access.GetClaim("acr").Value, access.GetClaim("sid").Value));
        Assert.Equal([House.Issuer, "api-server"], access.Audiences);
        Assert.Equal(house.Time.GetUtcNow().AddHours(1).UtcDateTime, access.ValidTo);
        Assert.Equal("1772366340", access.GetClaim("auth_time").Value);

        var identity = House.Jwt(tokens.IdToken);
        Assert.Equal(("JWT", "ES256", "n-0S6_WzA2Mj", "web", "pwd"),
            (identity.Typ, identity.Alg, identity.GetClaim("nonce").Value, identity.Audiences.Single(), identity.GetClaim("acr").Value));
        Assert.Equal(Half(tokens.AccessToken), identity.GetClaim("at_hash").Value);
        Assert.False(identity.TryGetClaim("email", out _));
        Assert.Equal(3600, tokens.ExpiresIn);
    }

    [Fact]
    public async Task What_was_taken_from_the_client_since_is_not_redeemed()
    {
        var (some, none) = (await house.CodeAsync(("scope", "openid api")), await house.CodeAsync(("scope", "api")));
        house.Change("web", client => client with { AllowedScopes = ["openid"] });
        Assert.Equal(["openid"], House.Issued(await house.RedeemAsync(some)).Scopes);
        Assert.Equal("invalid_grant", House.Refused(await house.RedeemAsync(none)));
    }

    [Fact]
    public async Task A_client_may_have_its_scopes_claims_in_the_id_token()
    {
        const string asked = """{"id_token":{"email":null,"name":null}}""";
        house.Change("web", client => client with { AlwaysIncludeUserClaimsInIdToken = true });
        var tokens = await house.SignInAsync(("scope", "openid email"), ("claims", asked));
        var identity = House.Jwt(tokens.IdToken);
        Assert.Equal(["email", "email_verified", "name"], identity.Claims.Select(claim => claim.Type).Where(type => type.StartsWith("email", StringComparison.Ordinal) || type is "name"));
        Assert.Equal(("alice@example.com", "true"), (identity.GetClaim("email").Value, identity.GetClaim("email_verified").Value));
        Assert.False(identity.TryGetClaim("preferred_username", out _));

        // A refresh that asks for less is told less.
        var less = House.Jwt(House.Issued(await house.RefreshAsync(tokens.RefreshToken, scope: "openid")).IdToken);
        Assert.False(less.TryGetClaim("email_verified", out _));
    }

    [Fact]
    public async Task A_profile_cannot_speak_for_the_server()
    {
        house.Scopes.Catalogue = new([new Scope("odd", Claims: ["acr", "sid", "nickname"])]);
        house.Change("web", client => client with { AllowedScopes = ["openid", "odd"], AlwaysIncludeUserClaimsInIdToken = true });
        house.People.All["alice-sub"] = new Person("alice-sub", new Dictionary<string, object> { ["acr"] = "mfa", ["sid"] = "session-2", ["nickname"] = "al" });
        var tokens = await house.SignInAsync(("scope", "openid odd"), ("claims", """{"id_token":{"acr":null,"sid":null,"nickname":null}}"""));
        var identity = House.Jwt(tokens.IdToken);
        Assert.Equal("al", identity.GetClaim("nickname").Value);
        Assert.Equal(["pwd"], identity.Claims.Where(claim => claim.Type == "acr").Select(claim => claim.Value));
        Assert.Equal("session-1", identity.GetClaim("sid").Value);
        var claims = Assert.IsType<UserInfoOutcome.Claims>(await house.UserInfo.ReadAsync(tokens.AccessToken, default)).Values;
        Assert.Equal(["sub", "nickname"], claims.Select(claim => claim.Key));
    }

    [Fact]
    public async Task The_client_chooses_the_id_tokens_signature()
    {
        Assert.Equal("RS256", new Client { ClientId = "new" }.IdTokenSigningAlg);
        house.Change("web", client => client with { IdTokenSigningAlg = "RS256" });
        var tokens = await house.SignInAsync();
        Assert.Equal(("RS256", "rsa-1"), (House.Jwt(tokens.IdToken).Alg, House.Jwt(tokens.IdToken).Kid));
        Assert.Equal(("ES256", "ec-1"), (House.Jwt(tokens.AccessToken).Alg, House.Jwt(tokens.AccessToken).Kid));
        Assert.NotNull(await house.AccessTokens.ReadAsync(tokens.AccessToken, default));
    }

    [Fact]
    public async Task Without_openid_there_is_no_id_token_and_without_nonce_none_comes_back()
    {
        Assert.Null((await house.SignInAsync(("scope", "api"))).IdToken);
        Assert.False(House.Jwt((await house.SignInAsync()).IdToken).TryGetClaim("nonce", out _));
    }

    [Fact]
    public async Task A_code_can_be_redeemed_once_and_a_second_use_ends_what_the_first_gave()
    {
        var code = await house.CodeAsync();
        var tokens = House.Issued(await house.RedeemAsync(code));
        Assert.NotNull(await house.AccessTokens.ReadAsync(tokens.AccessToken, default));

        Assert.Equal("invalid_grant", House.Refused(await house.RedeemAsync(code)));
        Assert.Null(await house.AccessTokens.ReadAsync(tokens.AccessToken, default));
        Assert.Equal("invalid_grant", House.Refused(await house.RefreshAsync(tokens.RefreshToken)));
    }

    [Fact]
    public async Task A_second_use_is_noticed_after_the_code_was_forgotten()
    {
        var code = await house.CodeAsync();
        var tokens = House.Issued(await house.RedeemAsync(code));
        house.Codes.Contents.Clear();
        Assert.Equal("invalid_grant", House.Refused(await house.RedeemAsync(code)));
        Assert.Null(await house.AccessTokens.ReadAsync(tokens.AccessToken, default));
    }

    [Fact]
    public async Task Of_sixty_four_callers_one_gets_tokens()
    {
        var code = await house.CodeAsync();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(() => house.RedeemAsync(code))));
        Assert.Single(outcomes.OfType<TokenOutcome.Issued>());
    }

    [Theory]
    [InlineData(House.Verifier, true)]
    [InlineData(null, false)]
    [InlineData("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX", false)]
    [InlineData(House.Challenge, false)]
    [InlineData("short", false)]
    public async Task With_a_challenge_only_its_verifier_opens(string? verifier, bool opens) =>
        Assert.Equal(opens, await house.RedeemAsync(await house.CodeAsync(), verifier: verifier) is TokenOutcome.Issued);

    [Fact]
    public async Task A_verifier_without_a_challenge_is_refused()
    {
        house.Change("web", client => client with { RequirePkce = false });
        (string, string?)[] plain = [("code_challenge", null), ("code_challenge_method", null)];
        Assert.Equal("invalid_grant", House.Refused(await house.RedeemAsync(await house.CodeAsync(plain))));
        House.Issued(await house.RedeemAsync(await house.CodeAsync(plain), verifier: null));
    }

    [Theory]
    [InlineData(59, true)]
    [InlineData(60, false)]
    public async Task A_code_lives_sixty_seconds_however_long_the_client_wants(int seconds, bool opens)
    {
        house.Change("web", client => client with { AuthorizationCodeLifetime = 600 });
        var code = await house.CodeAsync();
        house.Time.Advance(TimeSpan.FromSeconds(seconds));
        Assert.Equal(opens, await house.RedeemAsync(code) is TokenOutcome.Issued);
    }

    [Fact]
    public async Task A_failed_attempt_of_somebody_else_does_not_use_the_code_up()
    {
        var code = await house.CodeAsync();
        Assert.Equal("invalid_grant", House.Refused(await house.RedeemAsync(code, client: "other")));
        Assert.Equal("invalid_grant", House.Refused(await house.RedeemAsync(code, redirectUri: "https://app.example/else")));
        Assert.Equal("invalid_grant", House.Refused(await house.RedeemAsync(code, redirectUri: null)));
        House.Issued(await house.RedeemAsync(code));
    }

    [Fact]
    public async Task Who_is_gone_or_signed_out_gets_nothing()
    {
        var code = await house.CodeAsync();
        house.Revocations.Sessions.Add("session-1");
        Assert.Equal("invalid_grant", House.Refused(await house.RedeemAsync(code)));
        house.Revocations.Sessions.Clear();
        house.People.All.Clear();
        Assert.Equal("invalid_grant", House.Refused(await house.RedeemAsync(code)));
    }

    [Fact]
    public async Task What_the_person_has_taken_back_gives_nothing_and_what_they_give_afterwards_does()
    {
        var (code, tokens) = (await house.CodeAsync(), await house.SignInAsync());
        house.Time.Advance(TimeSpan.FromMilliseconds(1));
        house.Revocations.Withdrawn[("alice-sub", "web")] = house.Time.GetUtcNow();
        Assert.Equal("invalid_grant", House.Refused(await house.RedeemAsync(code)));
        Assert.Null(await house.AccessTokens.ReadAsync(tokens.AccessToken, default));

        // In the same second.
        house.Time.Advance(TimeSpan.FromMilliseconds(1));
        var again = await house.SignInAsync();
        Assert.NotNull(await house.AccessTokens.ReadAsync(again.AccessToken, default));
        Assert.Equal(House.Jwt(tokens.AccessToken).IssuedAt, House.Jwt(again.AccessToken).IssuedAt);
    }

    [Fact]
    public async Task When_revocations_cannot_be_known_the_code_stays_good_for_later()
    {
        var code = await house.CodeAsync();
        house.Revocations.Stale = true;
        await Assert.ThrowsAsync<StaleKnowledgeException>(() => house.RedeemAsync(code));
        house.Revocations.Stale = false;
        House.Issued(await house.RedeemAsync(code));
    }

    private static string Half(string token) =>
        Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(token))[..16]).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
