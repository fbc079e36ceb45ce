using System.Security.Cryptography;
using System.Text;
using IdP.Server.Tests.Support;
using Microsoft.IdentityModel.Tokens;

namespace IdP.Server.Tests.Conformance;

/// <summary>The RP-Initiated Logout certification plan.</summary>
public abstract partial class LogoutModules(TestIdp idp)
{
    private static readonly string Back = TestClient.Suite.PostLogoutRedirectUri;
    private readonly RelyingParty suite = idp.App(TestClient.Suite);

    /// <summary>C-080 oidcc-rp-initiated-logout-discovery-endpoint-verification.</summary>
    [Fact]
    public async Task Discovery_names_the_end_session_endpoint() =>
        Assert.Equal(idp.Issuer + "/connect/endsession", (string?)(await Checks.PreambleAsync(idp))["end_session_endpoint"]);

    /// <summary>C-081 oidcc-rp-initiated-logout: by link and by form.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Logout_with_hint_and_registered_address_goes_back_there_with_the_state(bool post)
    {
        var (browser, hint) = await SignedInAsync();
        var state = RandomNumberGenerator.GetHexString(128);
        KeyValuePair<string, string>[] values = [new("id_token_hint", hint), new("post_logout_redirect_uri", Back), new("state", state)];
        var stop = post ? await browser.PostFromElsewhereAsync("/connect/endsession", values) : await browser.OpenAsync(Url(values));
        Assert.Equal($"{Back}?state={state}", stop.MustAnswer().Uri.OriginalString);
        await SignedOutAsync(browser);
    }

    /// <summary>C-082 …-no-state.</summary>
    [Fact]
    public async Task Logout_without_state_goes_back_without_state()
    {
        var (browser, hint) = await SignedInAsync();
        var stop = await browser.OpenAsync(Url(new("id_token_hint", hint), new("post_logout_redirect_uri", Back)));
        Assert.Equal(Back, stop.MustAnswer().Uri.OriginalString);
        await SignedOutAsync(browser);
    }

    /// <summary>C-084 …-no-post-logout-redirect-uri.</summary>
    [Fact]
    public async Task Logout_with_only_a_hint_ends_on_our_page()
    {
        var (browser, hint) = await SignedInAsync();
        await StaysHereAsync(await browser.OpenAsync(Url(new("id_token_hint", hint), new("state", "abc"))), browser);
    }

    /// <summary>C-083 …-no-params.</summary>
    [Fact]
    public Task Logout_without_anything_asks_the_person() => AsksAsync("");

    /// <summary>C-085 …-only-state.</summary>
    [Fact]
    public Task Logout_with_only_a_state_asks_the_person() => AsksAsync("state=xyz");

    /// <summary>RP-Initiated Logout §2: a name proves nothing.</summary>
    [Fact]
    public Task Logout_with_only_a_client_id_asks_the_person() => AsksAsync("client_id=suite");

    /// <summary>Nobody proves who asks, so the person is asked (ASVS 10.6.2).</summary>
    private async Task AsksAsync(string query)
    {
        var (browser, _) = await SignedInAsync();
        var stop = await browser.OpenAsync("/connect/endsession?" + query);
        Assert.Null(stop.Answer);
        await StillSignedInAsync(browser);
        await StaysHereAsync(await browser.SubmitAsync(stop, new Dictionary<string, string> { ["decision"] = "sign-out" }, "/connect/endsession/confirm"), browser);
    }

    /// <summary>The person may also stay.</summary>
    [Fact]
    public async Task A_person_who_stays_stays_signed_in()
    {
        var (browser, _) = await SignedInAsync();
        var stop = await browser.OpenAsync("/connect/endsession");
        await browser.SubmitAsync(stop, new Dictionary<string, string> { ["decision"] = "stay" }, "/connect/endsession/confirm");
        await StillSignedInAsync(browser);
    }

    /// <summary>C-086 …-bad-post-logout-redirect-uri.</summary>
    [Fact]
    public Task A_bad_address_is_never_called() => NeverCalledAsync("https://evil.example/");

    /// <summary>C-087 …-query-added-to-post-logout-redirect-uri.</summary>
    [Fact]
    public Task A_registered_address_with_a_query_added_is_never_called() => NeverCalledAsync(Back + "?foo=bar");

    [Theory]
    [InlineData("https://suite.example/signed-out/")]
    [InlineData("https://suite-two.example/signed-out")]
    public Task An_address_that_is_not_registered_exactly_is_never_called(string address) => NeverCalledAsync(address);

    private async Task NeverCalledAsync(string address)
    {
        var (browser, hint) = await SignedInAsync();
        var shown = await browser.OpenAsync(Url(new("id_token_hint", hint), new("post_logout_redirect_uri", address), new("state", "s")));
        Assert.Null(shown.Answer);
        Assert.True((int)shown.Status is 200 or 400 && shown.Page?.QuerySelector("main h1") is not null, shown.Describe());
    }

    /// <summary>C-088 …-no-id-token-hint: the address alone is not called.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public Task A_registered_address_without_a_hint_is_not_called(bool post) => OnlyAsksAsync(_ => null, post);

    /// <summary>C-089 …-modified-id-token-hint.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public Task A_hint_without_a_signature_moves_nobody(bool post) =>
        OnlyAsksAsync(hint => Base64UrlEncoder.Encode("""{"alg":"none"}""") + "." + hint.Split('.')[1] + ".", post);

    /// <summary>C-090 …-bad-id-token-hint.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public Task A_hint_that_somebody_else_signed_moves_nobody(bool post) =>
        OnlyAsksAsync(hint => hint[..hint.LastIndexOf('.')] + "." + SignedByAStranger(hint[..hint.LastIndexOf('.')]), post);

    [Theory, InlineData(false), InlineData(true)]
    public Task A_hint_cut_short_moves_nobody(bool post) => OnlyAsksAsync(hint => hint[..hint.LastIndexOf('.')], post);

    /// <summary>Never a way to the address: neither at once, nor by the person's yes, nor where nobody is signed in. The session ends by that yes alone.</summary>
    private async Task OnlyAsksAsync(Func<string, string?> spoil, bool post)
    {
        var (browser, hint) = await SignedInAsync();
        List<KeyValuePair<string, string>> values = [new("post_logout_redirect_uri", Back), new("state", "s")];
        if (spoil(hint) is { } spoilt)
            values.Add(new("id_token_hint", spoilt));

        var page = await GoAsync(browser);
        Assert.Equal((200, "/connect/endsession"), ((int)page.Status, page.At));
        Assert.DoesNotContain("suite.example", page.Trail[^1].Head["Content-Security-Policy"], StringComparison.Ordinal);
        await StillSignedInAsync(browser);
        var answered = await browser.SubmitAsync(page, SignOut, Confirm);
        Assert.Equal("/signed-out", answered.At);
        await StaysHereAsync(answered, browser);

        using var nobody = idp.Browser();
        var shown = await GoAsync(nobody);
        Assert.Equal((200, "/signed-out"), ((int)shown.Status, shown.At));
        Assert.DoesNotContain(Back, string.Join('\n', shown.Page!.Links.Select(link => link.GetAttribute("href"))), StringComparison.Ordinal);

        Task<Stop> GoAsync(Browser from) => post ? from.PostFromElsewhereAsync("/connect/endsession", values) : from.OpenAsync(Url([.. values]));
    }

    private async Task<(Browser Browser, string IdToken)> SignedInAsync()
    {
        var browser = idp.Browser();
        var ask = suite.Ask();
        var stop = await idp.SignInAsync(browser, ask, idp.Plain());
        var tokens = await suite.RedeemAsync(Checks.Success(stop, ask, idp.Issuer), ask);
        await Checks.TokensAsync(idp, tokens, ask);
        return (browser, tokens.IdToken);
    }

    private async Task SignedOutAsync(Browser browser)
    {
        var ask = suite.Ask().With("prompt", "none");
        Checks.NeedsTheUser(await browser.OpenAsync(ask.Url), ask, idp.Issuer);
    }

    private async Task StillSignedInAsync(Browser browser)
    {
        var ask = suite.Ask().With("prompt", "none");
        Checks.Success(await browser.OpenAsync(ask.Url), ask, idp.Issuer);
    }

    private async Task StaysHereAsync(Stop stop, Browser browser)
    {
        Assert.Null(stop.Answer);
        Assert.Equal(200, (int)stop.Status);
        Assert.Empty(stop.Page!.Forms);
        await SignedOutAsync(browser);
    }

    private static string Url(params KeyValuePair<string, string>[] values) =>
        "/connect/endsession?" + string.Join('&', values.Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}"));

    private static string SignedByAStranger(string text)
    {
        using var rsa = RSA.Create(2048);
        return Base64UrlEncoder.Encode(rsa.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }
}
