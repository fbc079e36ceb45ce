using System.Text.Json.Nodes;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Conformance;

/// <summary>The modules of the Basic and Form Post certification plans; this file: the flow itself, signatures, scopes, userinfo.</summary>
public abstract partial class BasicModules(TestIdp idp, string? responseMode)
{
    private readonly RelyingParty suite = idp.App(TestClient.Suite);
    private readonly RelyingParty second = idp.App(TestClient.SuiteTwo);

    private AuthorizationAsk Ask(string scope = "openid", RelyingParty? app = null) => (app ?? suite).Ask(scope, responseMode);

    /// <summary>Signs in and redeems, with every common check on the way.</summary>
    private async Task<SignedIn> HappyAsync(AuthorizationAsk ask, Browser? browser = null, Person? person = null, RelyingParty? app = null)
    {
        browser ??= idp.Browser();
        var stop = await idp.SignInAsync(browser, ask, person ?? idp.Plain());
        return await RedeemAsync(stop, ask, browser, app);
    }

    private async Task<SignedIn> RedeemAsync(Stop stop, AuthorizationAsk ask, Browser browser, RelyingParty? app = null)
    {
        var code = Checks.Success(stop, ask, idp.Issuer);
        var answer = await (app ?? suite).RedeemAsync(code, ask);
        var token = await Checks.TokensAsync(idp, answer, ask);
        var person = Checks.UserInfo(await suite.UserInfoAsync(answer.AccessToken), token);
        return new SignedIn(browser, stop, code, answer, token, person);
    }

    private sealed record SignedIn(Browser Browser, Stop Stop, string Code, TokenAnswer Tokens, IdToken IdToken, JsonObject UserInfo);

    /// <summary>C-010 oidcc-server.</summary>
    [Fact]
    public async Task The_code_flow_signs_a_person_in()
    {
        await Checks.PreambleAsync(idp);
        var done = await HappyAsync(Ask());
        Assert.Null(done.IdToken["name"]);
        Assert.Equal("pwd", done.IdToken.Acr);
        Assert.Equal(["pwd"], done.IdToken.Amr);
    }

    /// <summary>C-B: what was registered behind the question mark stays there.</summary>
    [Fact]
    public async Task A_registered_query_is_kept()
    {
        var app = idp.App(TestClient.WithQuery);
        await HappyAsync(Ask(app: app), app: app);
    }

    /// <summary>C-012 oidcc-idtoken-signature.</summary>
    [Fact]
    public async Task An_id_token_is_signed_with_RS256_and_names_its_key()
    {
        var done = await HappyAsync(Ask());
        Assert.Equal("RS256", (string?)done.IdToken.Header["alg"]);
        Assert.False(string.IsNullOrEmpty((string?)done.IdToken.Header["kid"]));
    }

    /// <summary>C-013 oidcc-idtoken-unsigned: skipped by the suite because "none" is not offered; so nobody may register it.</summary>
    [Fact]
    public async Task An_unsigned_id_token_cannot_be_registered()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, """{"clients":[{"clientId":"unsigned","redirectUris":["https://u.example/cb"],"allowedScopes":["openid"],"clientSecrets":["a-secret-of-plenty-of-characters"],"idTokenSigningAlg":"none"}]}""");
        var (code, output) = await idp.CliAsync("apply", file);
        File.Delete(file);
        Assert.Equal(1, code);
        Assert.Contains("idTokenSigningAlg", output, StringComparison.Ordinal);
    }

    /// <summary>C-014 oidcc-userinfo-get.</summary>
    [Fact]
    public async Task Userinfo_answers_a_GET()
    {
        var done = await HappyAsync(Ask());
        Checks.UserInfo(await suite.UserInfoAsync(done.Tokens.AccessToken, HttpMethod.Get), done.IdToken);
    }

    /// <summary>C-015 oidcc-userinfo-post-header.</summary>
    [Fact]
    public async Task Userinfo_answers_a_POST_with_the_token_in_the_header()
    {
        var done = await HappyAsync(Ask());
        Checks.UserInfo(await suite.UserInfoAsync(done.Tokens.AccessToken, HttpMethod.Post), done.IdToken);
    }

    /// <summary>C-016 oidcc-userinfo-post-body.</summary>
    [Fact]
    public async Task Userinfo_answers_a_POST_with_the_token_in_the_body()
    {
        var done = await HappyAsync(Ask());
        using var request = new HttpRequestMessage(HttpMethod.Post, idp.Issuer + "/connect/userinfo") { Content = new FormUrlEncodedContent([new("access_token", done.Tokens.AccessToken)]) };
        Checks.UserInfo(await idp.SendAsync(request), done.IdToken);
    }

    /// <summary>C-018 oidcc-scope-profile.</summary>
    [Fact]
    public Task Scope_profile_opens_the_profile_at_userinfo() => OpensAsync("profile", "name");

    /// <summary>C-019 oidcc-scope-email.</summary>
    [Fact]
    public Task Scope_email_opens_the_mail_address_at_userinfo() => OpensAsync("email", "email email_verified");

    /// <summary>C-020 oidcc-scope-address.</summary>
    [Fact]
    public Task Scope_address_opens_the_postal_address_at_userinfo() => OpensAsync("address", "address");

    /// <summary>C-021 oidcc-scope-phone.</summary>
    [Fact]
    public Task Scope_phone_opens_the_number_at_userinfo() => OpensAsync("phone", "phone_number phone_number_verified");

    /// <summary>C-022 oidcc-scope-all.</summary>
    [Fact]
    public Task All_scopes_open_all_claims_at_userinfo() =>
        OpensAsync("profile email address phone", "name email email_verified address phone_number phone_number_verified");

    /// <summary>These claims, at userinfo and nowhere else, and no others.</summary>
    private async Task OpensAsync(string scopes, string claims)
    {
        var done = await HappyAsync(Ask("openid " + scopes));
        Assert.All(claims.Split(' '), claim => Assert.True(done.UserInfo.ContainsKey(claim), $"{claim} is missing in {done.UserInfo}"));
        foreach (var claim in (string[])["name", "email", "address", "phone_number"])
        {
            Assert.Equal(claims.Split(' ').Contains(claim), done.UserInfo.ContainsKey(claim));
            Assert.Null(done.IdToken[claim]);
        }
    }

    /// <summary>C-023 oidcc-alternate-happy-flow.</summary>
    [Fact]
    public async Task The_order_of_scopes_and_parameters_means_nothing()
    {
        var done = await HappyAsync(Ask("email profile openid").Reversed());
        Assert.True(done.UserInfo.ContainsKey("email"));
        Assert.True(done.UserInfo.ContainsKey("name"));
    }

    /// <summary>C-041 oidcc-server-client-secret-post.</summary>
    [Fact]
    public async Task A_client_may_send_its_secret_in_the_body() =>
        await HappyAsync(Ask(), app: idp.App(TestClient.Suite, "client_secret_post"));

    /// <summary>C-044 oidcc-claims-essential.</summary>
    [Fact]
    public async Task An_essential_claim_comes_from_userinfo()
    {
        var done = await HappyAsync(Ask().With("claims", """{"userinfo":{"name":{"essential":true}}}"""));
        Assert.True(done.UserInfo.ContainsKey("name"));
        Assert.Null(done.IdToken["name"]);
    }

    /// <summary>C-036 oidcc-ensure-request-with-acr-values-succeeds: the level is the one really reached.</summary>
    [Theory]
    [InlineData("1 2", "pwd")]
    [InlineData("pwd mfa", "pwd")]
    [InlineData("mfa pwd", "pwd")]
    public async Task Wished_acr_values_never_make_a_token_say_more_than_was_done(string wish, string told)
    {
        var done = await HappyAsync(Ask().With("acr_values", wish));
        Assert.Equal(told, done.IdToken.Acr);
    }

    /// <summary>C-036 for a person who can: the first wish is tried first.</summary>
    [Fact]
    public async Task Wished_mfa_is_done_by_a_person_who_has_a_second_factor()
    {
        var done = await HappyAsync(Ask().With("acr_values", "mfa pwd"), person: idp.WithOtp());
        Assert.Equal("mfa", done.IdToken.Acr);
        Assert.Equal(["mfa", "otp", "pwd"], done.IdToken.Amr.Order(StringComparer.Ordinal));
    }
}
