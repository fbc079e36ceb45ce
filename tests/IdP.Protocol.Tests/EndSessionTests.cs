using IdP.Protocol.EndSession;

namespace IdP.Protocol.Tests;

/// <summary>RP-Initiated Logout 1.0.</summary>
public sealed class EndSessionTests
{
    private const string Bye = "https://app.example/bye";
    private readonly House house = new();

    [Fact]
    public async Task A_hint_for_this_session_ends_it_without_asking_and_leads_back()
    {
        var idToken = await IdTokenAsync();
        house.Time.Advance(TimeSpan.FromDays(30));
        var request = await ReadAsync(("id_token_hint", idToken), ("post_logout_redirect_uri", Bye), ("state", "a b&c"));
        Assert.Equal(Bye + "?state=a%20b%26c", request.RedirectTo);
        Assert.True(request.MayEndWithoutAsking("alice-sub", "session-1"));
        Assert.False(request.MayEndWithoutAsking("alice-sub", "session-2"));
        Assert.False(request.MayEndWithoutAsking("bob-sub", "session-1"));
        Assert.Equal(Bye, (await ReadAsync(("id_token_hint", idToken), ("post_logout_redirect_uri", Bye))).RedirectTo);
    }

    [Fact]
    public async Task Without_parameters_the_person_is_asked_and_stays_here()
    {
        foreach (var request in new[] { await ReadAsync(), await ReadAsync(("state", "x")), await ReadAsync(("post_logout_redirect_uri", Bye)) })
        {
            Assert.Null(request.RedirectTo);
            Assert.False(request.MayEndWithoutAsking("alice-sub", "session-1"));
        }
        Assert.Null((await ReadAsync(("id_token_hint", await IdTokenAsync()))).RedirectTo);
    }

    [Theory]
    [InlineData("https://app.example/bye?foo=bar")]
    [InlineData("https://app.example/bye/")]
    [InlineData("https://APP.example/bye")]
    [InlineData("https://evil.example/")]
    [InlineData(House.Callback)]
    public async Task An_address_that_is_not_registered_exactly_is_never_gone_to(string uri)
    {
        var request = await ReadAsync(("id_token_hint", await IdTokenAsync()), ("post_logout_redirect_uri", uri));
        Assert.Null(request.RedirectTo);
        Assert.NotNull(request.Problem);
        Assert.False(request.MayEndWithoutAsking("alice-sub", "session-1"));
    }

    [Fact]
    public async Task A_hint_that_is_not_ours_leads_nowhere()
    {
        var parts = (await IdTokenAsync()).Split('.');
        var unsigned = $"{Convert.ToBase64String("{\"alg\":\"none\"}"u8).TrimEnd('=')}.{parts[1]}.";
        foreach (var hint in new[] { unsigned, $"{parts[0]}.{parts[1]}.{new string('A', parts[2].Length)}", "nonsense", (await house.SignInAsync()).AccessToken })
        {
            var request = await ReadAsync(("id_token_hint", hint), ("client_id", "web"), ("post_logout_redirect_uri", Bye));
            Assert.True(request is { RedirectTo: null, Problem: not null });
            Assert.False(request.MayEndWithoutAsking("alice-sub", "session-1"));
        }
    }

    [Fact]
    public async Task A_client_that_only_names_itself_leads_back_after_the_person_was_asked()
    {
        var request = await ReadAsync(("client_id", "web"), ("post_logout_redirect_uri", Bye));
        Assert.Equal(Bye, request.RedirectTo);
        Assert.False(request.MayEndWithoutAsking("alice-sub", "session-1"));
        Assert.Null((await ReadAsync(("client_id", "other"), ("id_token_hint", await IdTokenAsync()), ("post_logout_redirect_uri", Bye))).RedirectTo);
    }

    private async Task<string> IdTokenAsync() => (await house.SignInAsync()).IdToken!;

    private Task<EndSessionRequest> ReadAsync(params (string, string?)[] sent) => house.EndSession.ReadAsync(House.Form(sent), default);
}
