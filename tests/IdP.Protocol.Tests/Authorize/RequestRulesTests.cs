using IdP.Protocol.Authorize;

namespace IdP.Protocol.Tests.Authorize;

/// <summary>THE LIST, rule by rule, once client and redirect URI are proven.</summary>
public sealed class RequestRulesTests
{
    private readonly House house = new();

    [Theory]
    [InlineData(null, "invalid_request")]
    [InlineData("token", "unsupported_response_type")]
    [InlineData("id_token", "unsupported_response_type")]
    [InlineData("code id_token", "unsupported_response_type")]
    [InlineData("none", "unsupported_response_type")]
    public async Task Only_the_code_flow_exists(string? type, string error) => Assert.Equal(error, await house.ToClientAsync(("response_type", type)));

    [Theory]
    [InlineData("fragment")]
    [InlineData("query.jwt")]
    [InlineData("web_message")]
    public async Task Only_query_and_form_post_exist(string mode) => Assert.Equal("invalid_request", await house.ToClientAsync(("response_mode", mode)));

    [Fact]
    public async Task A_client_without_the_code_grant_is_unauthorized()
    {
        house.Change("web", client => client with { AllowedGrantTypes = ["client_credentials"] });
        Assert.Equal("unauthorized_client", await house.ToClientAsync());
    }

    [Theory]
    [InlineData(null)]
    [InlineData(" ")]
    [InlineData("openid reports")]
    [InlineData("openid unheard-of")]
    [InlineData("OPENID")]
    public async Task A_scope_that_is_missing_unknown_or_not_allowed_is_invalid(string? scope) =>
        Assert.Equal("invalid_scope", await house.ToClientAsync(("scope", scope)));

    [Fact]
    public async Task Scopes_need_no_openid_and_count_once() => Assert.Equal(["api", "email"], (await house.ValidAsync(("scope", "api email api"))).Scopes);

    [Fact]
    public async Task Offline_access_is_ignored_where_it_cannot_be_granted()
    {
        Assert.Contains("offline_access", (await house.ValidAsync(("scope", "openid offline_access"))).Scopes);
        house.Change("web", client => client with { AllowOfflineAccess = false });
        Assert.Equal(["openid"], (await house.ValidAsync(("scope", "openid offline_access"))).Scopes);
        Assert.Equal("invalid_scope", await house.ToClientAsync(("scope", "offline_access")));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(null, "S256")]
    [InlineData(House.Challenge, null)]
    [InlineData(House.Challenge, "plain")]
    [InlineData(House.Challenge, "s256")]
    [InlineData("short", "S256")]
    [InlineData("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", "S256")]
    public async Task Pkce_is_required_and_S256(string? challenge, string? method) =>
        Assert.Equal("invalid_request", await house.ToClientAsync(("code_challenge", challenge), ("code_challenge_method", method)));

    /// <summary>The word that helps an operator; a public client is never let off.</summary>
    [Theory]
    [InlineData("web", House.Callback, true)]
    [InlineData("native", "http://127.0.0.1/cb", false)]
    public async Task A_missing_challenge_names_the_switch_where_one_helps(string client, string redirectUri, bool named)
    {
        var outcome = Assert.IsType<AuthorizeOutcome.ForTheClient>(await house.ReadAsync(
            ("client_id", client), ("redirect_uri", redirectUri), ("code_challenge", null), ("code_challenge_method", null)));
        Assert.StartsWith("code_challenge is missing.", outcome.Error.Description, StringComparison.Ordinal);
        Assert.Equal(named, outcome.Error.Description.Contains("--no-pkce", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_confidential_client_may_be_let_off_pkce_a_public_one_never()
    {
        house.Change("web", client => client with { RequirePkce = false });
        house.Change("native", client => client with { RequirePkce = false });
        Assert.Null((await house.ValidAsync(("code_challenge", null), ("code_challenge_method", null))).CodeChallenge);
        Assert.Equal("invalid_request", await house.ToClientAsync(
            ("client_id", "native"), ("redirect_uri", "http://127.0.0.1/cb"), ("code_challenge", null), ("code_challenge_method", null)));
    }

    [Fact]
    public async Task Prompt_none_stands_alone_and_unknown_values_are_ignored()
    {
        Assert.True((await house.ValidAsync(("prompt", "none"))).PromptNone);
        Assert.Equal("invalid_request", await house.ToClientAsync(("prompt", "none login")));
        Assert.Equal("invalid_request", await house.ToClientAsync(("prompt", "none create")));
        var request = await house.ValidAsync(("prompt", "login consent create"));
        Assert.True(request is { PromptLogin: true, PromptConsent: true, PromptNone: false, PromptSelectAccount: false });
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("10000", 10000)]
    [InlineData("-1", null)]
    [InlineData("+1", null)]
    [InlineData("1.5", null)]
    [InlineData(" 1", null)]
    [InlineData("١", null)]
    [InlineData("99999999999", null)]
    public async Task Max_age_is_whole_seconds(string sent, int? seconds)
    {
        if (seconds is { } good)
            Assert.Equal(TimeSpan.FromSeconds(good), (await house.ValidAsync(("max_age", sent))).MaxAge);
        else
            Assert.Equal("invalid_request", await house.ToClientAsync(("max_age", sent)));
    }

    [Theory]
    [InlineData("request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported")]
    [InlineData("request_uri", "https://app.example/object", "request_uri_not_supported")]
    public async Task Request_objects_are_refused_not_ignored(string name, string value, string error) => Assert.Equal(error, await house.ToClientAsync((name, value)));

    [Fact]
    public async Task Acr_values_keep_the_clients_order_without_names_nobody_knows() =>
        Assert.Equal(["urn:example:strong", "pwd"], (await house.ValidAsync(("acr_values", "gold urn:example:strong pwd 1 pwd"))).AcrValues);

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("nonsense")]
    [InlineData("{\"userinfo\":1}")]
    [InlineData("{\"userinfo\":{\"name\":1}}")]
    [InlineData("{\"id_token\":{\"acr\":{\"essential\":\"yes\"}}}")]
    [InlineData("{\"id_token\":{\"acr\":{\"values\":\"mfa\"}}}")]
    [InlineData("{\"id_token\":{\"acr\":{\"values\":[1]}}}")]
    [InlineData("{\"id_token\":null,\"id_token\":null}")]
    [InlineData("{\"id_token\":{\"sub\":{\"value\":\"a\"}},\"userinfo\":{\"sub\":{\"value\":\"b\"}}}")]
    public async Task Claims_that_are_not_what_the_standard_describes_are_refused(string claims) =>
        Assert.Equal("invalid_request", await house.ToClientAsync(("claims", claims)));

    [Fact]
    public async Task An_essential_acr_is_a_demand_and_keeps_names_nobody_knows()
    {
        var request = await house.ValidAsync(("claims", """{"id_token":{"acr":{"essential":true,"values":["gold","mfa"]}}}"""));
        Assert.Equal(["gold", "mfa"], request.EssentialAcr);
        Assert.Null((await house.ValidAsync(("claims", """{"id_token":{"acr":{"values":["mfa"]}}}"""))).EssentialAcr);
        Assert.Equal(["mfa"], (await house.ValidAsync(("claims", """{"id_token":{"acr":{"values":["gold","mfa"]}}}"""))).AcrValues);
    }

    [Fact]
    public async Task Asking_for_claims_by_name_opens_nothing_that_scopes_keep_shut()
    {
        const string Claims = """{"userinfo":{"name":{"essential":true},"phone_number":null},"id_token":{"email":null}}""";
        var request = await house.ValidAsync(("claims", Claims));
        Assert.Equal(["name"], request.UserInfoClaims);
        Assert.Equal(["email"], request.IdTokenClaims);

        house.Change("web", client => client with { RequireConsent = true });
        request = await house.ValidAsync(("claims", Claims), ("scope", "openid email"));
        Assert.Empty(request.UserInfoClaims);
        Assert.Equal(["email"], request.IdTokenClaims);
    }

    [Fact]
    public async Task An_id_token_hint_of_any_age_names_the_person_if_it_is_ours_and_this_clients()
    {
        var idToken = (await house.SignInAsync()).IdToken!;
        house.Time.Advance(TimeSpan.FromDays(60));
        Assert.Equal("alice-sub", (await house.ValidAsync(("id_token_hint", idToken), ("prompt", "none"))).HintedSubject);

        Assert.Equal("invalid_request", await house.ToClientAsync(("id_token_hint", idToken), ("client_id", "other")));
        Assert.Equal("invalid_request", await house.ToClientAsync(("id_token_hint", idToken[..^4] + "AAAA")));
        Assert.Equal("invalid_request", await house.ToClientAsync(("id_token_hint", (await house.SignInAsync()).AccessToken)));
        Assert.Equal("invalid_request", await house.ToClientAsync(("id_token_hint", idToken), ("claims", """{"id_token":{"sub":{"value":"bob"}}}""")));
    }

    [Fact]
    public async Task Unknown_parameters_are_ignored_and_not_kept()
    {
        var request = await house.ValidAsync(("extra", "foobar"), ("display", "popup"), ("ui_locales", "se zh-CN"));
        Assert.DoesNotContain("extra", request.Parameters.Keys);
        Assert.Equal(["se", "zh-CN"], request.UiLocales);
    }

    [Fact]
    public async Task A_sign_in_in_progress_notices_that_the_client_was_changed()
    {
        var kept = (await house.ValidAsync()).Parameters;
        Assert.IsType<AuthorizeOutcome.Valid>(await house.Authorize.RecheckAsync(kept, null, default));
        house.Change("web", client => client with { RedirectUris = [] });
        Assert.IsType<AuthorizeOutcome.ForThePerson>(await house.Authorize.RecheckAsync(kept, null, default));
    }
}
