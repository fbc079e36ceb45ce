namespace IdP.Protocol.Tests.Token;

/// <summary>RFC 6749 §6, RFC 9700 §4.14.2, OIDC Core §12.</summary>
public sealed class RefreshTests
{
    private readonly House house = new();

    [Fact]
    public async Task A_refresh_keeps_what_the_sign_in_proved_and_replaces_the_token()
    {
        var first = await house.SignInAsync(("scope", "openid email offline_access"), ("nonce", "n"));
        house.Time.Advance(TimeSpan.FromMinutes(10));
        var second = House.Issued(await house.RefreshAsync(first.RefreshToken));

        Assert.NotEqual(first.RefreshToken, second.RefreshToken);
        var (before, after) = (House.Jwt(first.IdToken), House.Jwt(second.IdToken));
        foreach (var name in new[] { "iss", "sub", "aud", "auth_time", "acr" })
            Assert.Equal(before.GetClaim(name).Value, after.GetClaim(name).Value);
        Assert.True(after.IssuedAt > before.IssuedAt);
        Assert.False(after.TryGetClaim("nonce", out _));
    }

    [Fact]
    public async Task A_retry_within_ten_seconds_gets_the_same_successor()
    {
        var first = await house.SignInAsync();
        var lost = House.Issued(await house.RefreshAsync(first.RefreshToken)).RefreshToken;
        house.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(lost, House.Issued(await house.RefreshAsync(first.RefreshToken)).RefreshToken);
        House.Issued(await house.RefreshAsync(lost));
    }

    [Fact]
    public async Task A_later_reuse_ends_the_family_and_all_its_access_tokens()
    {
        var first = await house.SignInAsync();
        var second = House.Issued(await house.RefreshAsync(first.RefreshToken));
        house.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal("invalid_grant", House.Refused(await house.RefreshAsync(first.RefreshToken)));
        Assert.Equal("invalid_grant", House.Refused(await house.RefreshAsync(second.RefreshToken)));
        Assert.Null(await house.AccessTokens.ReadAsync(second.AccessToken, default));
    }

    [Fact]
    public async Task A_token_of_two_generations_ago_ends_the_family_even_at_once()
    {
        var first = await house.SignInAsync();
        var second = House.Issued(await house.RefreshAsync(first.RefreshToken));
        var third = House.Issued(await house.RefreshAsync(second.RefreshToken));
        Assert.Equal("invalid_grant", House.Refused(await house.RefreshAsync(first.RefreshToken)));
        Assert.Equal("invalid_grant", House.Refused(await house.RefreshAsync(third.RefreshToken)));
    }

    [Fact]
    public async Task A_refresh_token_given_before_the_person_took_it_back_is_refused()
    {
        var first = await house.SignInAsync();
        house.Revocations.Withdrawn[("alice-sub", "web")] = house.Time.GetUtcNow();
        Assert.Equal("invalid_grant", House.Refused(await house.RefreshAsync(first.RefreshToken)));
        house.Time.Advance(TimeSpan.FromMilliseconds(1));
        House.Issued(await house.RefreshAsync((await house.SignInAsync()).RefreshToken));
    }

    [Fact]
    public async Task Sixty_four_at_once_share_one_successor()
    {
        var first = await house.SignInAsync();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(() => house.RefreshAsync(first.RefreshToken))));
        Assert.Single(outcomes.Select(outcome => House.Issued(outcome).RefreshToken).Distinct());
    }

    [Fact]
    public async Task Another_client_gets_nothing_and_harms_nothing()
    {
        var first = await house.SignInAsync();
        Assert.Equal("invalid_grant", House.Refused(await house.RefreshAsync(first.RefreshToken, client: "other")));
        House.Issued(await house.RefreshAsync(first.RefreshToken));
    }

    [Fact]
    public async Task Scope_may_shrink_for_one_token_and_never_grow()
    {
        var first = await house.SignInAsync(("scope", "openid email"));
        var narrow = House.Issued(await house.RefreshAsync(first.RefreshToken, scope: "email"));
        Assert.Equal(["email"], narrow.Scopes);
        Assert.Null(narrow.IdToken);
        Assert.Equal("invalid_scope", House.Refused(await house.RefreshAsync(narrow.RefreshToken, scope: "email api")));
        Assert.Equal(["openid", "email"], House.Issued(await house.RefreshAsync(narrow.RefreshToken)).Scopes);
    }

    [Fact]
    public async Task Unused_it_ends_and_used_it_ends_too()
    {
        house.Change("web", client => client with { SlidingRefreshTokenLifetime = 100, AbsoluteRefreshTokenLifetime = 250 });
        var idle = (await house.SignInAsync()).RefreshToken;
        var busy = (await house.SignInAsync()).RefreshToken;
        for (var i = 0; i < 3; i++)
        {
            house.Time.Advance(TimeSpan.FromSeconds(80));
            busy = House.Issued(await house.RefreshAsync(busy)).RefreshToken;
        }
        Assert.Equal("invalid_grant", House.Refused(await house.RefreshAsync(idle)));
        house.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("invalid_grant", House.Refused(await house.RefreshAsync(busy)));
    }

    [Fact]
    public async Task With_offline_access_it_outlives_the_browser_session_without_it_does_not()
    {
        var online = await house.SignInAsync();
        var offline = await house.SignInAsync(("scope", "openid email offline_access"));
        house.Revocations.Sessions.Add("session-1");
        Assert.Equal("invalid_grant", House.Refused(await house.RefreshAsync(online.RefreshToken)));
        Assert.Null(await house.AccessTokens.ReadAsync(online.AccessToken, default));

        var later = House.Issued(await house.RefreshAsync(offline.RefreshToken, scope: "openid"));
        Assert.NotNull(await house.AccessTokens.ReadAsync(later.AccessToken, default));
    }

    [Fact]
    public async Task Without_offline_access_it_ends_when_the_browser_session_would()
    {
        var online = await house.SignInAsync();
        var offline = await house.SignInAsync(("scope", "openid offline_access"));
        house.Time.Advance(TimeSpan.FromHours(11.9));
        online = House.Issued(await house.RefreshAsync(online.RefreshToken));
        house.Time.Advance(TimeSpan.FromHours(0.2));
        Assert.Equal("invalid_grant", House.Refused(await house.RefreshAsync(online.RefreshToken)));
        House.Issued(await house.RefreshAsync(offline.RefreshToken));
    }

    [Fact]
    public async Task What_was_taken_from_the_client_since_is_not_refreshed()
    {
        var first = await house.SignInAsync(("scope", "openid email api offline_access"));
        house.Change("web", client => client with { AllowedScopes = ["openid", "email"] });
        Assert.Equal("invalid_scope", House.Refused(await house.RefreshAsync(first.RefreshToken, scope: "api")));
        var second = House.Issued(await house.RefreshAsync(first.RefreshToken));
        Assert.Equal(["openid", "email", "offline_access"], second.Scopes);
        Assert.Equal("openid email offline_access", House.Jwt(second.AccessToken).GetClaim("scope").Value);

        house.Change("web", client => client with { AllowOfflineAccess = false });
        Assert.Equal("invalid_grant", House.Refused(await house.RefreshAsync(second.RefreshToken)));

        var online = await house.SignInAsync();
        house.Change("web", client => client with { AllowedScopes = [] });
        Assert.Equal("invalid_grant", House.Refused(await house.RefreshAsync(online.RefreshToken)));
    }

    [Fact]
    public async Task A_scope_that_this_server_no_longer_has_is_not_refreshed()
    {
        var first = await house.SignInAsync(("scope", "openid api"));
        house.Scopes.Catalogue = new([]);
        Assert.Equal(["openid"], House.Issued(await house.RefreshAsync(first.RefreshToken)).Scopes);
    }

    [Fact]
    public async Task Who_was_disabled_refreshes_nothing()
    {
        var first = await house.SignInAsync();
        house.People.All.Clear();
        Assert.Equal("invalid_grant", House.Refused(await house.RefreshAsync(first.RefreshToken)));
    }

    [Theory]
    [InlineData(null, "invalid_request")]
    [InlineData("x", "invalid_grant")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "invalid_grant")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "invalid_grant")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB", "invalid_grant")]
    public async Task What_was_never_ours_is_refused(string? token, string error) => Assert.Equal(error, House.Refused(await house.RefreshAsync(token)));

    [Fact]
    public async Task A_client_without_the_grant_gets_no_refresh_token()
    {
        house.Change("web", client => client with { AllowedGrantTypes = ["authorization_code"] });
        Assert.Null((await house.SignInAsync()).RefreshToken);
        Assert.Equal("unauthorized_client", House.Refused(await house.RefreshAsync("x")));
    }
}
