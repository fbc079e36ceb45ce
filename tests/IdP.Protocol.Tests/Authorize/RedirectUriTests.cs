using CsCheck;
using IdP.Protocol.Authorize;

namespace IdP.Protocol.Tests.Authorize;

/// <summary>OIDC Core §3.1.2.1, RFC 9700 §4.1.3, RFC 8252 §7.3.</summary>
public sealed class RedirectUriTests
{
    private const string Registered = House.Callback;

    public static TheoryData<string> NearMisses => [.. new[]
    {
        "https://app.example/Callback", "https://APP.example/callback", "HTTPS://app.example/callback", "https://app.example/callback/", "https://app.example/callback?",
        "https://app.example/callback?x=1", "https://app.example/callback#", "https://app.example/callback#x", "https://app.example:443/callback", "https://app.example:444/callback",
        "https://app.example./callback", "https://user@app.example/callback", "https://user:pw@app.example/callback", "https://app.example@evil.example/callback",
        "https://app.example%2eevil.example/callback", "https://app.example.evil.example/callback", "https://evil.example/callback", "https://evil-app.example/callback",
        "https://sub.app.example/callback", "https://app.example//callback", "https://app.example/./callback", "https://app.example/x/../callback", "https://app.example/callback/..",
        "https://app.example/callback/../callback", "https://app.example/..;/callback", "https://app.example/callback;x", "https://app.example/callback%2f", "https://app.example/%63allback",
        "https://app.example/callback%00", "https://app.example/callback%0d%0aLocation:%20https://evil.example", "https://app.example/callback\r\nX: y", "https://app.example/callback\0",
        "https://app.example/callback ", " https://app.example/callback", "\thttps://app.example/callback", "https://app.example\\callback", "https:\\\\app.example\\callback",
        "https:/app.example/callback", "https:app.example/callback", "//app.example/callback", "/callback", "callback", "http://app.example/callback", "ftp://app.example/callback",
        "javascript:alert(1)//https://app.example/callback", "data:text/html,https://app.example/callback", "https://аpp.example/callback", "https://app.example/cаllback",
        "https://app.exam\u200dple/callback", "https://app。example/callback", "https://[::1]/callback", "https://127.0.0.1/callback", "https://localhost/callback",
        "https://app.example/callback\u2028", "https://app.example/callbackx", "https://app.example/callbac", "https://app.example/call%62ack", "https://app.example",
        "https://app.example/callback/https://evil.example", "https://app.example/callback,https://evil.example", "*", "https://*.example/callback", "https://app.example/*",
    }];

    [Theory]
    [MemberData(nameof(NearMisses))]
    public async Task A_near_miss_is_the_persons_to_read_and_nobody_is_redirected(string uri) =>
        Assert.Equal("invalid_request", await new House().ToPersonAsync(("redirect_uri", uri)));

    [Fact]
    public void There_are_sixty_near_misses_at_least() => Assert.True(NearMisses.Count >= 60, $"{NearMisses.Count}");

    [Fact]
    public void Whatever_is_sent_only_the_registered_text_matches() =>
        Gen.OneOf(
            Gen.String, Gen.String.Select(tail => Registered + tail), Gen.Int[0, Registered.Length - 1].Select(Gen.Char, (at, c) => Registered[..at] + c + Registered[(at + 1)..]),
            InOtherCase(Registered))
            .Sample(uri => RedirectUris.Matches(uri, [Registered]) == (uri == Registered), iter: 2_000);

    [Theory]
    [InlineData("http://127.0.0.1:7000/Callback?From=App")]
    [InlineData("http://[::1]/callback")]
    public void Where_the_port_is_the_apps_choice_the_case_is_not(string registered) =>
        InOtherCase(registered).Sample(uri => !RedirectUris.Matches(uri, [registered]), iter: 500);

    /// <summary>A run of letters turned over: of scheme or host, which others compare without case (RFC 3986 §6.2.2.1), of the path, or of all.</summary>
    private static Gen<string> InOtherCase(string uri) =>
        Gen.Select(Gen.Int[0, uri.Length - 1], Gen.Int[1, uri.Length], (from, length) =>
            string.Concat(uri.Select((c, at) => at >= from && at < from + length && char.IsAsciiLetter(c) ? (char)(c ^ ' ') : c)))
            .Where(changed => changed != uri);

    [Fact]
    public async Task The_registered_address_is_accepted_with_its_query_kept()
    {
        var house = new House();
        house.Change("web", client => client with { RedirectUris = ["https://app.example/cb?dummy1=lorem&dummy2=ipsum"] });
        var request = await house.ValidAsync(("redirect_uri", "https://app.example/cb?dummy1=lorem&dummy2=ipsum"));

        var location = AuthorizeResponse.Location(request.Target, new AuthorizeResponse(house.Options).Success(request.Target, "abc"));

        Assert.Equal("https://app.example/cb?dummy1=lorem&dummy2=ipsum&code=abc&state=st%26te%3D1&iss=https%3A%2F%2Fid.example", location);
    }

    [Fact]
    public async Task A_missing_address_is_never_guessed_even_where_only_one_is_registered() =>
        Assert.Equal("invalid_request", await new House().ToPersonAsync(("redirect_uri", null)));

    [Theory]
    [InlineData("http://127.0.0.1/cb", true)]
    [InlineData("http://127.0.0.1:49152/cb", true)]
    [InlineData("http://127.0.0.1:1/cb", true)]
    [InlineData("http://[::1]:51004/cb", true)]
    [InlineData("http://[::1]/cb", true)]
    [InlineData("http://127.0.0.1:0/cb", false)]
    [InlineData("http://127.0.0.1:65536/cb", false)]
    [InlineData("http://127.0.0.1:/cb", false)]
    [InlineData("http://127.0.0.1:80a/cb", false)]
    [InlineData("http://127.0.0.1:80@evil.example/cb", false)]
    [InlineData("http://127.0.0.1.evil.example/cb", false)]
    [InlineData("http://127.0.0.1@evil.example/cb", false)]
    [InlineData("http://127.0.0.1:49152/cb/", false)]
    [InlineData("http://127.0.0.1:49152/cb?x=1", false)]
    [InlineData("http://127.0.0.1:49152/", false)]
    [InlineData("https://127.0.0.1:49152/cb", false)]
    [InlineData("http://localhost:49152/cb", false)]
    [InlineData("http://127.1:49152/cb", false)]
    [InlineData("http://127.0.0.2:49152/cb", false)]
    public async Task On_literal_loopback_and_only_there_the_port_is_the_apps_choice(string uri, bool good)
    {
        var outcome = await new House().ReadAsync(("client_id", "native"), ("redirect_uri", uri));
        Assert.IsType(good ? typeof(AuthorizeOutcome.Valid) : typeof(AuthorizeOutcome.ForThePerson), outcome);
    }
}
