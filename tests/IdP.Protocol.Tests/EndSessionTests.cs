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

    [Fact]
    public async Task A_state_of_8_KB_is_brought_back_and_none_beyond()
    {
        var state = new string('s', 8192);
        (string, string?)[] asked = [("client_id", "web"), ("post_logout_redirect_uri", Bye)];
        Assert.Equal(Bye + "?state=" + state, (await ReadAsync([.. asked, ("state", state)])).RedirectTo);
        Assert.NotNull((await ReadAsync([.. asked, ("state", state + "s")])).Problem);
        Assert.NotNull((await ReadAsync([.. asked, ("unread", new string('u', 16_384))])).Problem);
    }

    /// <summary>RFC 8252 §7.3, as for the redirect URI.</summary>
    [Theory]
    [InlineData("http://127.0.0.1/bye", "http://127.0.0.1:51234/bye", true)]
    [InlineData("http://[::1]:7000/bye", "http://[::1]:7001/bye", true)]
    [InlineData("http://127.0.0.1/bye", "http://127.0.0.1:51234/other", false)]
    [InlineData("http://127.0.0.1/bye", "http://127.0.0.1:51234@evil.example/bye", false)]
    [InlineData("http://127.0.0.1/bye", "http://127.0.0.1.evil.example/bye", false)]
    [InlineData("http://localhost/bye", "http://localhost:51234/bye", false)]
    [InlineData("https://app.example/bye", "https://app.example:8443/bye", false)]
    public async Task Only_the_port_of_a_loopback_address_may_differ(string registered, string sent, bool matches)
    {
        house.Change("native", client => client with { PostLogoutRedirectUris = [registered] });
        var request = await ReadAsync(("client_id", "native"), ("post_logout_redirect_uri", sent), ("state", "s"));
        Assert.Equal(matches ? sent + "?state=s" : null, request.RedirectTo);
        Assert.Equal(matches, request.Problem is null);
    }

    private async Task<string> IdTokenAsync() => (await house.SignInAsync()).IdToken!;

    private Task<EndSessionRequest> ReadAsync(params (string, string?)[] sent) => house.EndSession.ReadAsync(House.Form(sent), default);
}
