using IdP.Protocol.Authorize;
using IdP.Protocol.PushedAuthorization;

namespace IdP.Protocol.Tests.Authorize;

/// <summary>RFC 9126.</summary>
public sealed class PushedAuthorizationTests
{
    private readonly House house = new();

    [Fact]
    public async Task A_pushed_request_is_found_by_its_name_alone()
    {
        var accepted = await PushAsync(("nonce", "n-1"));
        Assert.Equal(90, accepted.ExpiresIn);
        var request = Assert.IsType<AuthorizeOutcome.Valid>(await OpenAsync(accepted.RequestUri)).Request;
        Assert.Equal("n-1", request.Nonce);
        Assert.Equal(accepted.RequestUri, RequestUri.For(request.PushedHandle!));
        Assert.DoesNotContain("client_secret", request.Parameters.Keys);
    }

    [Fact]
    public async Task What_stands_beside_the_name_does_not_count()
    {
        var accepted = await PushAsync();
        var outcome = await house.ReadAsync(("request_uri", accepted.RequestUri), ("redirect_uri", "https://evil.example/"), ("scope", "openid email"));
        var request = Assert.IsType<AuthorizeOutcome.Valid>(outcome).Request;
        Assert.Equal(House.Callback, request.Target.RedirectUri);
        Assert.Equal(["openid"], request.Scopes);
    }

    [Fact]
    public async Task Opened_twice_before_the_end_it_still_works_expired_or_taken_it_does_not()
    {
        var accepted = await PushAsync();
        Assert.IsType<AuthorizeOutcome.Valid>(await OpenAsync(accepted.RequestUri));
        Assert.IsType<AuthorizeOutcome.Valid>(await OpenAsync(accepted.RequestUri));
        house.Time.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal("invalid_request_uri", Assert.IsType<AuthorizeOutcome.ForThePerson>(await OpenAsync(accepted.RequestUri)).Error.Code);

        var other = await PushAsync();
        house.Pushed.All.Clear();
        Assert.Equal("invalid_request_uri", Assert.IsType<AuthorizeOutcome.ForThePerson>(await OpenAsync(other.RequestUri)).Error.Code);
    }

    [Fact]
    public async Task Another_clients_name_is_good_for_nothing()
    {
        var accepted = await PushAsync();
        Assert.Equal("invalid_request_uri", Assert.IsType<AuthorizeOutcome.ForThePerson>(await OpenAsync(accepted.RequestUri, "other")).Error.Code);
    }

    [Fact]
    public async Task A_client_that_must_push_is_refused_by_the_front_door_and_by_what_the_server_put_aside_itself()
    {
        house.Change("web", client => client with { RequirePushedAuthorization = true });
        Assert.Equal("invalid_request", await house.ToClientAsync());
        var aside = "put-aside";
        house.Pushed.All[aside] = new PushedRequest("web", House.Request().All, house.Time.GetUtcNow().AddMinutes(1), Pushed: false);
        Assert.Equal("invalid_request", Assert.IsType<AuthorizeOutcome.ForTheClient>(await OpenAsync(RequestUri.For(aside))).Error.Code);

        var accepted = await PushAsync();
        var request = Assert.IsType<AuthorizeOutcome.Valid>(await OpenAsync(accepted.RequestUri)).Request;
        Assert.IsType<AuthorizeOutcome.Valid>(await house.Authorize.RecheckAsync(request.Parameters, request.PushedHandle, default));
        Assert.IsType<AuthorizeOutcome.ForTheClient>(await house.Authorize.RecheckAsync(request.Parameters, null, default));
    }

    [Theory]
    [InlineData("request_uri", "urn:ietf:params:oauth:request_uri:abc", "invalid_request")]
    [InlineData("redirect_uri", "https://evil.example/", "invalid_request")]
    [InlineData("redirect_uri", null, "invalid_request")]
    [InlineData("response_type", "token", "unsupported_response_type")]
    [InlineData("code_challenge", null, "invalid_request")]
    [InlineData("code_challenge_method", "plain", "invalid_request")]
    [InlineData("scope", "root", "invalid_scope")]
    [InlineData("client_id", "other", "invalid_request")]
    public async Task What_the_front_door_would_refuse_cannot_be_pushed(string name, string? value, string error)
    {
        var outcome = await house.Pushing.PushAsync(House.Basic("web"), House.Request((name, value)), "192.0.2.1", default);
        Assert.Equal(error, Assert.IsType<PushOutcome.Refused>(outcome).Error.Code);
        Assert.Empty(house.Pushed.All);
    }

    [Fact]
    public async Task Pushing_needs_the_clients_secret()
    {
        var outcome = await house.Pushing.PushAsync(null, House.Request(), "192.0.2.1", default);
        Assert.Equal(("invalid_client", 401), Assert.IsType<PushOutcome.Refused>(outcome) is var refused ? (refused.Error.Code, refused.Error.Status) : default);
    }

    [Fact]
    public async Task What_nobody_proved_to_push_counts_against_its_address()
    {
        await PushAsync();
        Assert.Null(house.Pushed.Sender);
        house.Change("web", client => client with { RequireClientSecret = false });
        Assert.IsType<PushOutcome.Accepted>(await house.Pushing.PushAsync(null, House.Request(), "192.0.2.1", default));
        Assert.Equal("192.0.2.1", house.Pushed.Sender);
    }

    private async Task<PushOutcome.Accepted> PushAsync(params (string, string?)[] changes) =>
        Assert.IsType<PushOutcome.Accepted>(await house.Pushing.PushAsync(null, House.Request([.. changes, ("client_secret", House.Secret)]), "192.0.2.1", default));

    private Task<AuthorizeOutcome> OpenAsync(string requestUri, string client = "web") =>
        house.Authorize.ReadAsync(House.Form(("client_id", client), ("request_uri", requestUri)), default);
}
