using System.Text;
using System.Text.Json;
using CsCheck;
using IdP.Protocol.Introspection;
using IdP.Protocol.Revocation;
using IdP.Protocol.Tokens;
using IdP.Protocol.UserInfo;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IdP.Protocol.Tests;

/// <summary>RFC 9068, OIDC Core §5.3, RFC 7662, RFC 7009: what a token is good for, to whom, and for how long.</summary>
public sealed class UsingTokensTests
{
    private readonly House house = new();

    [Fact]
    public async Task Any_changed_character_makes_a_token_worthless()
    {
        var token = (await house.SignInAsync()).AccessToken;
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        // The last character of a part carries bits that decode to nothing, so it is left alone.
        Gen.Select(Gen.Int[0, token.Length - 2], Gen.Int[0, 63]).Where(change => token[change.Item1] != '.' && token[change.Item1 + 1] != '.')
            .Sample(change =>
            {
                var (at, letter) = change;
                return token[at] == Alphabet[letter]
                    || house.AccessTokens.ReadAsync(token[..at] + Alphabet[letter] + token[(at + 1)..], default).AsTask().GetAwaiter().GetResult() is null;
            }, iter: 300);
        Assert.NotNull(await house.AccessTokens.ReadAsync(token, default));
    }

    [Fact]
    public async Task An_id_token_is_never_an_access_token_nor_the_reverse()
    {
        var tokens = await house.SignInAsync();
        Assert.Null(await house.AccessTokens.ReadAsync(tokens.IdToken!, default));
        Assert.Null(await house.IdTokens.ReadAsync(tokens.AccessToken));
    }

    [Fact]
    public async Task Unsigned_foreign_and_symmetric_signatures_are_refused()
    {
        var good = (await house.SignInAsync()).AccessToken.Split('.');
        var handler = new JsonWebTokenHandler();
        var payload = Base64UrlEncoder.Decode(good[1]);
        var header = new Dictionary<string, object> { ["typ"] = "at+jwt" };
        using var foreign = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        string[] bad =
        [
            $"{Base64UrlEncoder.Encode("{\"alg\":\"none\",\"typ\":\"at+jwt\"}")}.{good[1]}.",
            handler.CreateToken(payload, new SigningCredentials(new ECDsaSecurityKey(foreign) { KeyId = "ec-1" }, "ES256"), header),
            handler.CreateToken(payload, new SigningCredentials(new SymmetricSecurityKey(new byte[32]) { KeyId = "ec-1" }, "HS256"), header),
            handler.CreateToken(payload, new SigningCredentials(new ECDsaSecurityKey(foreign) { KeyId = "ec-1" }, "ES256"), new Dictionary<string, object> { ["typ"] = "at+jwt", ["jku"] = "https://evil.example/jwks" }),
        ];
        foreach (var token in bad)
            Assert.Null(await house.AccessTokens.ReadAsync(token, default));
    }

    [Fact]
    public async Task A_token_seen_before_still_expires_is_still_revoked_and_dies_with_its_key()
    {
        var token = (await house.SignInAsync()).AccessToken;
        var content = (await house.AccessTokens.ReadAsync(token, default))!;
        Assert.Same(content, await house.AccessTokens.ReadAsync(token, default));

        house.Revocations.Tokens.Add(content.Jti);
        Assert.Null(await house.AccessTokens.ReadAsync(token, default));
        house.Revocations.Tokens.Clear();
        house.Revocations.Stale = true;
        await Assert.ThrowsAsync<StaleKnowledgeException>(() => house.AccessTokens.ReadAsync(token, default).AsTask());
        house.Revocations.Stale = false;

        house.Current = House.NewRing() with { Published = [] };
        Assert.Null(await house.AccessTokens.ReadAsync(token, default));
        house.Current = House.NewRing();
        Assert.NotNull(await house.AccessTokens.ReadAsync(token, default));
        house.Time.Advance(TimeSpan.FromHours(1));
        Assert.Null(await house.AccessTokens.ReadAsync(token, default));
    }

    [Fact]
    public async Task A_content_survives_the_trip_through_a_token_whole()
    {
        house.Change("web", client => client with { RequireConsent = false });
        var tokens = await house.SignInAsync(("scope", "openid api"), ("claims", """{"userinfo":{"name":null,"email":null}}"""));
        var content = (await house.AccessTokens.ReadAsync(tokens.AccessToken, default))!;
        Assert.Equal(("web", "alice-sub", "pwd", "session-1"), (content.ClientId, content.Subject, content.Acr, content.SessionId));
        Assert.Equal(["openid", "api"], content.Scopes);
        Assert.Equal(["pwd"], content.Amr);
        Assert.Equal(["name", "email"], content.UserInfoClaims);
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 11, 59, 0, TimeSpan.Zero), content.AuthTime);
        Assert.Equal(tokens.GrantId, content.GrantId);
    }

    [Fact]
    public async Task Opaque_tokens_work_everywhere_the_signed_ones_do()
    {
        house.Change("web", client => client with { AccessTokenType = "reference" });
        var tokens = await house.SignInAsync();
        Assert.Equal(43, tokens.AccessToken.Length);
        Assert.IsType<UserInfoOutcome.Claims>(await house.UserInfo.ReadAsync(tokens.AccessToken, default));
        Assert.IsType<IntrospectionOutcome.Active>(await IntrospectAsync(tokens.AccessToken, "web"));
        await RevokeAsync(tokens.AccessToken);
        Assert.IsType<UserInfoOutcome.Refused>(await house.UserInfo.ReadAsync(tokens.AccessToken, default));
    }

    [Fact]
    public async Task Userinfo_tells_what_scopes_and_names_opened_and_no_more()
    {
        var tokens = await house.SignInAsync(("scope", "openid email"), ("claims", """{"userinfo":{"name":{"essential":true}}}"""));
        var claims = Assert.IsType<UserInfoOutcome.Claims>(await house.UserInfo.ReadAsync(tokens.AccessToken, default)).Values;
        Assert.Equal(["sub", "email", "email_verified", "name"], claims.Select(claim => claim.Key));
        Assert.Equal("alice-sub", claims[0].Value);
    }

    [Fact]
    public async Task Userinfo_is_signed_for_those_who_asked_for_it()
    {
        house.Change("web", client => client with { UserInfoSignedResponseAlg = "RS256" });
        var tokens = await house.SignInAsync(("scope", "openid profile"));
        var jwt = House.Jwt(Assert.IsType<UserInfoOutcome.Signed>(await house.UserInfo.ReadAsync(tokens.AccessToken, default)).Jwt);
        Assert.Equal(("RS256", House.Issuer, "web", "alice-sub"), (jwt.Alg, jwt.Issuer, jwt.Audiences.Single(), jwt.Subject));
        Assert.True(jwt.TryGetPayloadValue<long>("updated_at", out _));
        Assert.Null(await house.IdTokens.ReadAsync(jwt.EncodedToken));
        Assert.Equal("invalid_request", await house.ToClientAsync(("id_token_hint", jwt.EncodedToken)));
        Assert.Null(await house.IdTokens.ReadAsync(tokens.AccessToken));
    }

    [Fact]
    public async Task Userinfo_needs_openid_a_person_and_a_client_that_are_still_there()
    {
        Assert.Equal(403, (await RefusalAsync(await house.MachineTokenAsync())).Status);
        Assert.Equal("insufficient_scope", (await RefusalAsync((await house.SignInAsync(("scope", "api"))).AccessToken)).Code);
        var token = (await house.SignInAsync()).AccessToken;
        house.People.All.Clear();
        Assert.Equal("invalid_token", (await RefusalAsync(token)).Code);
        house.Change("web", client => client with { Enabled = false });
        Assert.Equal("invalid_token", (await RefusalAsync(token)).Code);
        Assert.Equal("invalid_token", (await RefusalAsync("nonsense")).Code);
    }

    [Fact]
    public async Task Introspection_answers_the_tokens_client_and_its_audience_and_nobody_else()
    {
        var token = (await house.SignInAsync(("scope", "openid api"))).AccessToken;
        Assert.IsType<IntrospectionOutcome.Active>(await IntrospectAsync(token, "web"));
        var active = Assert.IsType<IntrospectionOutcome.Active>(await IntrospectAsync(token, "api-server"));
        Assert.IsType<IntrospectionOutcome.Inactive>(await IntrospectAsync(token, "other"));
        Assert.IsType<IntrospectionOutcome.Inactive>(await IntrospectAsync((await house.SignInAsync()).AccessToken, "api-server"));

        var json = Json(active);
        Assert.True(json.GetProperty("active").GetBoolean());
        Assert.Equal(("alice", "pwd", 1772366340L, "Bearer"),
            (json.GetProperty("username").GetString(), json.GetProperty("acr").GetString(), json.GetProperty("auth_time").GetInt64(), json.GetProperty("token_type").GetString()));

        house.People.All.Clear();
        Assert.IsType<IntrospectionOutcome.Inactive>(await IntrospectAsync(token, "api-server"));
    }

    [Fact]
    public async Task Introspection_names_the_person_to_the_audience_and_to_whom_the_scopes_told_it()
    {
        var token = (await house.SignInAsync(("scope", "openid api"))).AccessToken;
        Assert.Equal("alice", Assert.IsType<IntrospectionOutcome.Active>(await IntrospectAsync(token, "api-server")).UserName);
        var nameless = Assert.IsType<IntrospectionOutcome.Active>(await IntrospectAsync(token, "web"));
        Assert.Null(nameless.UserName);
        Assert.False(Json(nameless).TryGetProperty("username", out _));

        var open = await house.SignInAsync(("scope", "openid profile"));
        Assert.Equal("alice", Assert.IsType<IntrospectionOutcome.Active>(await IntrospectAsync(open.AccessToken, "web")).UserName);
        Assert.Equal("alice", Assert.IsType<IntrospectionOutcome.Active>(await IntrospectAsync(open.RefreshToken!, "web")).UserName);
        var named = await house.SignInAsync(("claims", """{"userinfo":{"preferred_username":null}}"""));
        Assert.Equal("alice", Assert.IsType<IntrospectionOutcome.Active>(await IntrospectAsync(named.AccessToken, "web")).UserName);
    }

    /// <summary>A mail server finds the mailbox by it; who may not see the address at userinfo does not see it here.</summary>
    [Fact]
    public async Task Introspection_tells_the_email_where_a_scope_opens_it()
    {
        var open = (await house.SignInAsync(("scope", "openid email api"))).AccessToken;
        foreach (var caller in (string[])["web", "api-server"])
        {
            var json = Json(Assert.IsType<IntrospectionOutcome.Active>(await IntrospectAsync(open, caller)));
            Assert.Equal(("alice@example.com", true), (json.GetProperty("email").GetString(), json.GetProperty("email_verified").GetBoolean()));
        }

        var closed = (await house.SignInAsync(("scope", "openid api"))).AccessToken;
        Assert.False(Json(Assert.IsType<IntrospectionOutcome.Active>(await IntrospectAsync(closed, "api-server"))).TryGetProperty("email", out _));
        house.People.All["alice-sub"] = new Person("alice-sub", new Dictionary<string, object> { ["preferred_username"] = "alice" });
        Assert.False(Json(Assert.IsType<IntrospectionOutcome.Active>(await IntrospectAsync(open, "web"))).TryGetProperty("email", out _));
    }

    [Fact]
    public async Task Tokens_of_a_client_that_is_disabled_are_not_active()
    {
        var token = (await house.SignInAsync(("scope", "openid api"))).AccessToken;
        house.Change("web", client => client with { Enabled = false });
        Assert.IsType<IntrospectionOutcome.Inactive>(await IntrospectAsync(token, "api-server"));
    }

    [Fact]
    public async Task Introspection_knows_refresh_tokens_for_their_client_only_while_they_are_current()
    {
        var tokens = await house.SignInAsync();
        Assert.False(Json(Assert.IsType<IntrospectionOutcome.Active>(await IntrospectAsync(tokens.RefreshToken!, "web"))).TryGetProperty("token_type", out _));
        Assert.IsType<IntrospectionOutcome.Inactive>(await IntrospectAsync(tokens.RefreshToken!, "other"));
        House.Issued(await house.RefreshAsync(tokens.RefreshToken));
        Assert.IsType<IntrospectionOutcome.Inactive>(await IntrospectAsync(tokens.RefreshToken!, "web"));
    }

    [Fact]
    public async Task Introspection_needs_a_secret()
    {
        var form = House.Form(("token", await house.MachineTokenAsync()), ("client_id", "native"));
        Assert.Equal("invalid_client", Assert.IsType<IntrospectionOutcome.Refused>(await house.Introspector.RunAsync(null, form, default)).Error.Code);
    }

    [Fact]
    public async Task An_access_token_given_back_is_dead_and_giving_it_back_again_is_fine()
    {
        var tokens = await house.SignInAsync();
        Assert.IsType<RevocationOutcome.Done>(await RevokeAsync(tokens.AccessToken));
        Assert.Null(await house.AccessTokens.ReadAsync(tokens.AccessToken, default));
        Assert.IsType<RevocationOutcome.Done>(await RevokeAsync(tokens.AccessToken));
        Assert.IsType<RevocationOutcome.Done>(await RevokeAsync("never-existed"));
        House.Issued(await house.RefreshAsync(tokens.RefreshToken));
    }

    [Fact]
    public async Task A_refresh_token_given_back_takes_its_access_tokens_along()
    {
        var tokens = await house.SignInAsync();
        Assert.IsType<RevocationOutcome.Done>(await RevokeAsync(tokens.RefreshToken!));
        Assert.Null(await house.AccessTokens.ReadAsync(tokens.AccessToken, default));
        Assert.Equal("invalid_grant", House.Refused(await house.RefreshAsync(tokens.RefreshToken)));
    }

    [Fact]
    public async Task Nobody_gives_back_what_is_not_theirs()
    {
        var tokens = await house.SignInAsync();
        Assert.IsType<RevocationOutcome.Refused>(await RevokeAsync(tokens.AccessToken, "other"));
        Assert.IsType<RevocationOutcome.Refused>(await RevokeAsync(tokens.RefreshToken!, "other"));
        Assert.NotNull(await house.AccessTokens.ReadAsync(tokens.AccessToken, default));
        Assert.Equal("unsupported_token_type", Assert.IsType<RevocationOutcome.Refused>(await RevokeAsync(tokens.IdToken!)).Error.Code);
    }

    [Fact]
    public async Task A_store_that_fails_is_never_a_false_success()
    {
        var tokens = await house.SignInAsync();
        house.Revocations.Fault = new IOException("down");
        await Assert.ThrowsAsync<IOException>(() => RevokeAsync(tokens.AccessToken));
        await Assert.ThrowsAsync<IOException>(() => RevokeAsync(tokens.RefreshToken!));
    }

    private async Task<IntrospectionOutcome> IntrospectAsync(string token, string caller) =>
        await house.Introspector.RunAsync(House.Basic(caller), House.Form(("token", token)), default);

    private Task<RevocationOutcome> RevokeAsync(string token, string caller = "web") =>
        house.Revoker.RunAsync(House.Basic(caller), House.Form(("token", token), ("token_type_hint", "whatever")), default);

    private async Task<ProtocolError> RefusalAsync(string token) => Assert.IsType<UserInfoOutcome.Refused>(await house.UserInfo.ReadAsync(token, default)).Error;

    private static JsonElement Json(IntrospectionOutcome.Active active)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            active.WriteTo(json);
            json.WriteEndObject();
        }
        return JsonDocument.Parse(Encoding.UTF8.GetString(buffer.ToArray())).RootElement;
    }
}
