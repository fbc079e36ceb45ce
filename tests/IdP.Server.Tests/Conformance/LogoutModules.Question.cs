using AngleSharp.Dom;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Conformance;

/// <summary>
/// The question before a sign-out whose request proves nothing (RP-Initiated Logout §2, §6): what the app sent travels through the page's form, so it must
/// arrive unchanged, and is worth no more there than in a link.
/// </summary>
public abstract partial class LogoutModules
{
    private const string State = "a b&c=d\"><script>alert(1)</script>+邮%41";

    [Theory]
    [InlineData("by link")]
    [InlineData("by form")]
    [InlineData("read in another language")]
    public async Task What_the_app_asked_for_survives_the_question(string how)
    {
        var (browser, _) = await SignedInAsync();
        KeyValuePair<string, string>[] asked = [new("client_id", "suite"), new("post_logout_redirect_uri", Back), new("state", State), new("ui_locales", "fr zh-CN")];
        var page = how == "by form" ? await browser.PostFromElsewhereAsync("/connect/endsession", asked) : await browser.OpenAsync(Url(asked));
        Assert.Equal("zh-Hans", page.Page!.DocumentElement.GetAttribute("lang"));
        if (how == "read in another language")
        {
            page = await browser.VisitAsync(new Uri(page.Url, page.Page.QuerySelector("a[hreflang=en]")!.GetAttribute("href")).ToString());
            Assert.Equal("en", page.Page!.DocumentElement.GetAttribute("lang"));
        }

        var carried = Browser.Fields(page.Form(Confirm));
        Assert.Equal(how == "read in another language" ? "en" : "fr zh-CN", carried["ui_locales"]);
        Assert.Equal(("suite", Back, State), (carried["client_id"], carried["post_logout_redirect_uri"], carried["state"]));
        Assert.Contains("form-action 'self';", page.Trail[^1].Head["Content-Security-Policy"], StringComparison.Ordinal);

        await StillSignedInAsync(browser);
        var stop = await browser.SubmitAsync(page, SignOut, Confirm);
        Assert.Equal($"{Back}?state={Uri.EscapeDataString(State)}", stop.MustAnswer().Uri.OriginalString);
        await SignedOutAsync(browser);
    }

    [Fact]
    public async Task A_hint_for_an_earlier_session_survives_the_question()
    {
        var (_, earlier) = await SignedInAsync();
        var (browser, _) = await SignedInAsync();
        var page = await browser.OpenAsync(Url(new("id_token_hint", earlier), new("post_logout_redirect_uri", Back), new("state", "s")));
        Assert.Equal(earlier, Browser.Fields(page.Form(Confirm))["id_token_hint"]);
        Assert.Equal(Back + "?state=s", (await browser.SubmitAsync(page, SignOut, Confirm)).MustAnswer().Uri.OriginalString);
        await SignedOutAsync(browser);
    }

    /// <summary>The person meant to sign out, so that is done; but only an address that is registered for the named client is gone to, as if the form had been a link.</summary>
    [Theory]
    [InlineData("post_logout_redirect_uri", "https://evil.example/")]
    [InlineData("post_logout_redirect_uri", "https://suite.example/signed-out/../evil")]
    [InlineData("post_logout_redirect_uri", "https://SUITE.example/signed-out")]
    [InlineData("post_logout_redirect_uri", "https://suite-two.example/signed-out")]
    [InlineData("post_logout_redirect_uri", "//evil.example")]
    [InlineData("post_logout_redirect_uri", "javascript:alert(1)")]
    [InlineData("post_logout_redirect_uri", "")]
    [InlineData("client_id", "suite-two")]
    [InlineData("client_id", "nobody")]
    [InlineData("client_id", "")]
    [InlineData("state", "a\r\nLocation: https://evil.example")]
    [InlineData("id_token_hint", "a.b.c")]
    public async Task What_was_changed_in_the_question_leads_nowhere(string name, string value)
    {
        var (browser, _) = await SignedInAsync();
        var page = await browser.OpenAsync(Url(new("client_id", "suite"), new("post_logout_redirect_uri", Back), new("state", "s")));
        await StaysHereAsync(await browser.SubmitAsync(page, new Dictionary<string, string>(SignOut) { [name] = value }, Confirm), browser);
    }

    [Theory]
    [InlineData("client_id", "suite-two")]
    [InlineData("post_logout_redirect_uri", "https://evil.example/")]
    [InlineData("state", "t")]
    public async Task What_was_added_to_the_question_leads_nowhere(string name, string value)
    {
        var (browser, _) = await SignedInAsync();
        var page = await browser.OpenAsync(Url(new("client_id", "suite"), new("post_logout_redirect_uri", Back), new("state", "s")));
        foreach (var fields in new[] { Browser.Fields(page.Form(Confirm)).Append(new(name, value)), Browser.Fields(page.Form(Confirm)).Prepend(new(name, value)) })
        {
            var stop = await browser.PostAsync(Confirm, fields.Concat(SignOut));
            Assert.True(stop.Answer is null, stop.Describe());
        }
    }

    [Fact]
    public async Task A_page_about_an_address_that_is_not_registered_does_not_name_it_as_its_way()
    {
        var (browser, hint) = await SignedInAsync();
        var page = await browser.OpenAsync(Url(new("id_token_hint", hint), new("post_logout_redirect_uri", "https://evil.example/"), new("state", "s")));
        Assert.DoesNotContain("evil.example", page.Trail[^1].Head["Content-Security-Policy"], StringComparison.Ordinal);
        await StaysHereAsync(await browser.SubmitAsync(page, SignOut, Confirm), browser);
    }

    [Fact]
    public async Task A_link_cannot_answer_the_question()
    {
        var (browser, _) = await SignedInAsync();
        var page = await browser.OpenAsync("/connect/endsession?client_id=suite&decision=sign-out&__csrf=forged");
        var fields = Browser.Fields(page.Form(Confirm));
        Assert.DoesNotContain("decision", fields.Keys);
        Assert.NotEqual("forged", fields["__csrf"]);
        await StillSignedInAsync(browser);
    }

    [Theory]
    [InlineData("no csrf")]
    [InlineData("csrf of another browser")]
    [InlineData("from another site")]
    public async Task Nobody_else_can_answer_the_question(string how)
    {
        var (browser, _) = await SignedInAsync();
        var fields = Browser.Fields((await browser.OpenAsync(Url(new("client_id", "suite"), new("post_logout_redirect_uri", Back)))).Form(Confirm));
        var (other, _) = await SignedInAsync();
        fields["__csrf"] = how switch
        {
            "no csrf" => "",
            "csrf of another browser" => Browser.Fields((await other.OpenAsync("/connect/endsession")).Form(Confirm))["__csrf"],
            _ => fields["__csrf"],
        };
        var stop = await browser.PostAsync(Confirm, fields.Concat(SignOut), how == "from another site" ? "https://evil.example" : null);
        Assert.Equal("session_expired", stop.PersonError);
        await StillSignedInAsync(browser);
    }

    private const string Confirm = "/connect/endsession/confirm";

    private static readonly Dictionary<string, string> SignOut = new() { ["decision"] = "sign-out" };
}
