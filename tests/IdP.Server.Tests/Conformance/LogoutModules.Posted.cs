using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Conformance;

/// <summary>A sign-out that an app posts (RP-Initiated Logout §2): put aside until the browser comes back with its cookies, so that nothing of it stands in an address.</summary>
public abstract partial class LogoutModules
{
    [Theory]
    [InlineData("this session's hint")]
    [InlineData("an earlier session's hint")]
    [InlineData("nobody is signed in")]
    public async Task What_was_posted_stands_in_no_address(string whose)
    {
        var (browser, hint) = await SignedInAsync();
        if (whose == "an earlier session's hint")
            (browser, _) = await SignedInAsync();
        else if (whose == "nobody is signed in")
            browser = idp.Browser();
        var stop = await browser.PostFromElsewhereAsync("/connect/endsession", [new("id_token_hint", hint), new("post_logout_redirect_uri", Back), new("state", State)]);
        List<Hop> trail = [.. stop.Trail];
        if (whose == "an earlier session's hint")
        {
            Assert.Equal(hint, Browser.Fields(stop.Form(Confirm))["id_token_hint"]);
            stop = await browser.SubmitAsync(stop, SignOut, Confirm);
            trail.AddRange(stop.Trail);
        }

        Assert.Equal($"{Back}?state={Uri.EscapeDataString(State)}", stop.MustAnswer().Uri.OriginalString);
        Assert.All(trail, hop => Assert.DoesNotContain(hint[..20], $"{hop.Url} {hop.Location}", StringComparison.Ordinal));
        await SignedOutAsync(browser);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_sign_out_may_have_a_state_of_8_KB(bool posted)
    {
        var (browser, hint) = await SignedInAsync();
        var state = new string('s', 8192);
        KeyValuePair<string, string>[] asked = [new("id_token_hint", hint), new("post_logout_redirect_uri", Back), new("state", state)];
        var stop = posted ? await browser.PostFromElsewhereAsync("/connect/endsession", asked) : await browser.OpenAsync(Url(asked));
        Assert.Equal(state, stop.MustAnswer()["state"]);
        await SignedOutAsync(browser);
    }

    [Fact]
    public async Task A_sign_out_over_16_KB_only_asks_the_person()
    {
        var (browser, hint) = await SignedInAsync();
        var stop = await browser.PostFromElsewhereAsync(
            "/connect/endsession", [new("id_token_hint", hint), new("post_logout_redirect_uri", Back), new("logout_hint", new string('x', 16_384))]);
        Assert.Null(stop.Answer);
        await StillSignedInAsync(browser);
    }

    [Fact]
    public async Task The_question_about_a_posted_request_can_be_read_in_another_language()
    {
        var (browser, _) = await SignedInAsync();
        var page = await browser.PostFromElsewhereAsync("/connect/endsession", [new("client_id", "suite"), new("post_logout_redirect_uri", Back), new("state", "s"), new("ui_locales", "zh-CN")]);
        Assert.Equal("zh-Hans", page.Page!.DocumentElement.GetAttribute("lang"));
        page = await browser.VisitAsync(new Uri(page.Url, page.Page.QuerySelector("a[hreflang=en]")!.GetAttribute("href")).ToString());
        Assert.Equal("en", page.Page!.DocumentElement.GetAttribute("lang"));
        Assert.Equal(Back + "?state=s", (await browser.SubmitAsync(page, SignOut, Confirm)).MustAnswer().Uri.OriginalString);
    }

    [Theory]
    [InlineData("id_token_hint", "a.b.c")]
    [InlineData("post_logout_redirect_uri", "https://evil.example/")]
    public async Task A_posted_request_that_cannot_be_trusted_only_asks_the_person(string name, string value)
    {
        var (browser, hint) = await SignedInAsync();
        Dictionary<string, string> asked = new() { ["id_token_hint"] = hint, ["post_logout_redirect_uri"] = Back, ["state"] = "s" };
        asked[name] = value;
        var page = await browser.PostFromElsewhereAsync("/connect/endsession", asked);
        Assert.Null(page.Answer);
        Assert.All(page.Trail, hop => Assert.DoesNotContain(value, $"{hop.Url} {hop.Location}", StringComparison.Ordinal));
        await StillSignedInAsync(browser);
        await StaysHereAsync(await browser.SubmitAsync(page, SignOut, Confirm), browser);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nothing-of-ours")]
    public async Task A_handle_that_leads_to_nothing_only_asks_the_person(string handle)
    {
        var (browser, hint) = await SignedInAsync();
        var page = await browser.OpenAsync($"/connect/endsession?asked={handle}&id_token_hint={hint}&post_logout_redirect_uri={Uri.EscapeDataString(Back)}");
        Assert.Null(page.Answer);
        await StillSignedInAsync(browser);
    }
}
