using CsCheck;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>N-01, N-03: an address that is not registered exactly is never called, whatever else the request says.</summary>
public sealed class RedirectUriTests(SqliteAttackHost host) : IClassFixture<SqliteAttackHost>
{
    private const string Good = "https://suite.example/callback";

    public static TheoryData<string> NearMisses =>
    [
        "https://suite.example/callback/", "https://suite.example/Callback", "https://SUITE.example/callback", "HTTPS://suite.example/callback", "http://suite.example/callback",
        "https://suite.example:443/callback", "https://suite.example:444/callback", "https://suite.example/callback?", "https://suite.example/callback?a=b", "https://suite.example/callback#", "https://suite.example/callback#x",
        "https://user@suite.example/callback", "https://suite.example@evil.example/callback", "https://suite.example.evil.example/callback", "https://evil.example/callback", "https://evilsuite.example/callback",
        "https://suite.example/callback/../callback", "https://suite.example/./callback", "https://suite.example/x/..;/callback", "https://suite.example//callback", "https://suite.example/%63allback", "https://suite.example/callback%00", "https://suite.example/callback%0d%0aX:1",
        "https://suite.example/callback ", " https://suite.example/callback", "https://suite.example/callback\t", "https://suite.example/call\tback", "https://suite.example/callback\r\nLocation: https://evil.example", "https://suite.example/callback\0",
        "https:\\\\suite.example\\callback", "https:/suite.example/callback", "https:suite.example/callback", "//suite.example/callback", "/callback", "callback", "javascript:alert(1)", "JavaScript:alert(1)//https://suite.example/callback", "data:text/html,x",
        "https://suite.example/callback,https://evil.example", "https://suite.example/callback https://evil.example", "https://suıte.example/callback", "https://suite。example/callback", "https://xn--sute-ipa.example/callback", "https://suite.example./callback",
        "https://suite.example/callback;x", "https://suite.example/callback%2f", "https://suite.example/callback\\", "https://suite.example%2fcallback", "https://suite.example%00.evil.example/callback", "https://[::1]/callback", "https://127.0.0.1/callback",
        "https://suite.example/callbackx", "https://suite.example/callbac", "https://suite.example", "https://", "about:blank", "file:///etc/passwd", "ftp://suite.example/callback", "urn:ietf:wg:oauth:2.0:oob", "*", "https://*.example/callback",
    ];

    [Theory]
    [MemberData(nameof(NearMisses))]
    public async Task A_near_miss_is_a_page_and_never_a_redirect(string address)
    {
        using var browser = host.Idp.Browser();
        foreach (var prompt in (string?[])[null, "none", "broken"])
        {
            var stop = await browser.OpenAsync(host.Idp.App(TestClient.Suite).Ask().With("redirect_uri", address).With("prompt", prompt).Url);
            Assert.True(stop.Answer is null, stop.Describe());
            Assert.InRange((int)stop.Status, 400, 499);
            Assert.NotNull(stop.PersonError);
            Assert.All(stop.Trail, hop => Assert.Null(hop.Location));
        }
    }

    /// <summary>RFC 8252 §7.3: a native app's loopback port may vary, nothing else.</summary>
    [Theory]
    [InlineData("http://127.0.0.1:49152/callback", true)]
    [InlineData("http://127.0.0.1/callback", true)]
    [InlineData("http://localhost:49152/callback", false)]
    [InlineData("http://127.0.0.1:49152/other", false)]
    [InlineData("https://127.0.0.1:49152/callback", false)]
    [InlineData("http://127.0.0.2:49152/callback", false)]
    [InlineData("http://127.0.0.1.evil.example:49152/callback", false)]
    [InlineData("http://x@127.0.0.1:49152/callback", false)]
    public async Task Only_the_port_of_a_loopback_address_may_vary(string address, bool accepted)
    {
        using var browser = host.Idp.Browser();
        var stop = await browser.OpenAsync(host.Idp.App(TestClient.Native).Ask().With("redirect_uri", address).Url);
        Assert.Equal(accepted ? "/sign-in" : "/connect/authorize", stop.At);
    }

    [Fact]
    public void Whatever_is_changed_in_a_registered_address_it_is_not_called()
    {
        var changed = Gen.Select(Gen.Int[0, Good.Length - 1], Gen.Char, Gen.Int[0, 4], (at, c, kind) => kind switch
        {
            0 => Good.Insert(at, c.ToString()),
            1 => Good.Remove(at, 1),
            // Other letters for the same thing: that is what a comparison without case lets through.
            2 => Good[..at] + Good[at..].ToUpperInvariant(),
            3 => Good[..at].ToUpperInvariant() + Good[at..],
            _ => Good[..at] + c + Good[(at + 1)..],
        }).Where(uri => uri != Good && !uri.Any(char.IsSurrogate));
        changed.Sample(uri =>
        {
            using var browser = host.Idp.Browser();
            // Nobody is signed in here, so an address that was taken for the registered one would show in a sign-in that begins.
            var stop = browser.OpenAsync(host.Idp.App(TestClient.Suite).Ask().With("redirect_uri", uri).Url).GetAwaiter().GetResult();
            return stop is { Answer: null, PersonError: not null, Trail: [{ Location: null }] };
        }, iter: 300, threads: 1);
    }
}
