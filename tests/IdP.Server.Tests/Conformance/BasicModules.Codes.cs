using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Conformance;

/// <summary>Codes and refresh tokens: used once, by whom they were given to.</summary>
public abstract partial class BasicModules
{
    /// <summary>C-037 oidcc-codereuse.</summary>
    [Fact]
    public async Task A_code_can_be_redeemed_once()
    {
        var ask = Ask();
        var done = await HappyAsync(ask);
        Checks.TokenError(await suite.RedeemAsync(done.Code, ask), "invalid_grant");
    }

    /// <summary>C-038 oidcc-codereuse-30seconds: what the first use gave is dead.</summary>
    [Fact]
    public async Task Redeeming_a_code_again_later_revokes_what_it_gave()
    {
        var ask = Ask("openid offline_access").With("prompt", "consent");
        var done = await HappyAsync(ask);
        await idp.ForwardAsync(TimeSpan.FromSeconds(30));
        Checks.TokenError(await suite.RedeemAsync(done.Code, ask), "invalid_grant");
        Assert.Equal(401, (await suite.UserInfoAsync(done.Tokens.AccessToken)).Status);
        Assert.False(await suite.IsActiveAsync(done.Tokens.AccessToken));
        Checks.TokenError(await suite.RefreshAsync(done.Tokens.RefreshToken), "invalid_grant");
    }

    /// <summary>FAPI 2.0 C-134, ASVS 10.4.3: a code is dead after a minute.</summary>
    [Fact]
    public async Task A_code_lives_a_minute()
    {
        using var browser = idp.Browser();
        var ask = Ask();
        var stop = await idp.SignInAsync(browser, ask, idp.Plain());
        await idp.ForwardAsync(TimeSpan.FromSeconds(62));
        Checks.TokenError(await suite.RedeemAsync(Checks.Success(stop, ask, idp.Issuer), ask), "invalid_grant");
    }

    /// <summary>C-132: somebody else's code, a forged code, another redirect_uri.</summary>
    [Fact]
    public async Task A_code_is_good_for_its_client_and_redirect_uri_only()
    {
        using var browser = idp.Browser();
        var ask = Ask();
        var code = Checks.Success(await idp.SignInAsync(browser, ask, idp.Plain()), ask, idp.Issuer);
        Checks.TokenError(await suite.RedeemAsync(code[..^1] + (code[^1] == 'A' ? 'B' : 'A'), ask), "invalid_grant");
        Checks.TokenError(await suite.RedeemAsync(code, Ask().With("redirect_uri", "https://suite.example/other")), "invalid_grant");
        Checks.TokenError(await second.RedeemAsync(code, ask), "invalid_grant");
    }

    /// <summary>C-046 oidcc-refresh-token.</summary>
    [Theory]
    [InlineData(32)]
    [InlineData(43)]
    public async Task A_refresh_keeps_who_and_when(int nonceLength)
    {
        var first = await HappyAsync(Ask("openid offline_access").With("prompt", "consent").With("nonce", new string('n', nonceLength)));
        await idp.ForwardAsync(TimeSpan.FromSeconds(1.5));

        var answer = await suite.RefreshAsync(first.Tokens.RefreshToken);
        Assert.Equal(200, answer.Status);
        Assert.Contains("no-store", answer.Head["Cache-Control"], StringComparison.Ordinal);
        var token = await idp.ReadAsync(answer.IdToken, "suite");
        foreach (var claim in (string[])["iss", "sub", "aud", "auth_time", "azp", "acr"])
            Assert.Equal(first.IdToken[claim], token[claim]);
        Assert.True(token.At("iat") > first.IdToken.At("iat"));
        Checks.UserInfo(await suite.UserInfoAsync(answer.AccessToken), token);
        Assert.NotEqual(first.Tokens.RefreshToken, answer.RefreshToken);
    }

    /// <summary>C-046, last part.</summary>
    [Fact]
    public async Task A_refresh_token_of_another_client_is_refused()
    {
        var first = await HappyAsync(Ask("openid offline_access").With("prompt", "consent"));
        Checks.TokenError(await second.RefreshAsync(first.Tokens.RefreshToken), "invalid_grant");
    }

    /// <summary>RFC 9700 §4.14.2: the retry of a lost answer is served, later reuse ends the family.</summary>
    [Fact]
    public async Task A_refresh_token_used_again_late_ends_its_family()
    {
        var first = await HappyAsync(Ask("openid offline_access").With("prompt", "consent"));
        var next = await suite.RefreshAsync(first.Tokens.RefreshToken);
        var retry = await suite.RefreshAsync(first.Tokens.RefreshToken);
        Assert.Equal(next.RefreshToken, retry.RefreshToken);

        await idp.ForwardAsync(TimeSpan.FromSeconds(11));
        Checks.TokenError(await suite.RefreshAsync(first.Tokens.RefreshToken), "invalid_grant");
        Checks.TokenError(await suite.RefreshAsync(next.RefreshToken), "invalid_grant");
        Assert.False(await suite.IsActiveAsync(next.AccessToken));
    }
}
