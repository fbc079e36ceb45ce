using IdP.Server.Tests.Conformance;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Pages;

/// <summary>OIDC Core §3.1.2.1: the app's ui_locales speak on every page behind its request, however the request came here.</summary>
public abstract class UiLocalesTests(TestIdp idp)
{
    private const string Chinese = "zh-Hans";

    [Theory]
    [InlineData("link"), InlineData("form"), InlineData("pushed")]
    public async Task The_apps_language_is_spoken_from_the_first_page_to_the_last(string how)
    {
        using var browser = idp.Browser();
        var ask = idp.App(TestClient.Calm).Ask(responseMode: "form_post").With("ui_locales", "fr zh-CN");
        var at = await SendAsync(browser, ask, how);
        Assert.Equal(("/sign-in", Chinese), (at.At, Spoken(at)));
        // Where it is drawn again, and on the page that posts the answer.
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = "nobody", ["password"] = "wrong" }, "/sign-in");
        Assert.Equal(("/sign-in", Chinese), (at.At, Spoken(at)));
        at = await idp.PassAsync(browser, at, idp.Plain());
        Assert.Equal(("client", Chinese), (at.At, Spoken(at)));
    }

    [Theory]
    [InlineData("link"), InlineData("form"), InlineData("pushed")]
    public async Task It_is_spoken_too_where_a_session_is_answered_at_once(string how)
    {
        using var browser = idp.Browser();
        await idp.SignInAsync(browser, idp.App(TestClient.Calm).Ask(), idp.Plain());
        Assert.False(browser.HasCookie("idp.lang"));
        var at = await SendAsync(browser, idp.App(TestClient.Calm).Ask(responseMode: "form_post").With("ui_locales", "zh-CN"), how);
        Assert.NotNull(at.MustAnswer()["code"]);
        Assert.Equal(Chinese, Spoken(at));
    }

    [Theory]
    [InlineData("link"), InlineData("form")]
    public async Task A_refusal_that_only_the_person_may_read_is_in_the_apps_language(string how)
    {
        using var browser = idp.Browser();
        var at = await SendAsync(browser, idp.App(TestClient.Calm).Ask().With("redirect_uri", "https://evil.example/").With("ui_locales", "zh-CN"), how);
        Assert.Equal(("invalid_request", Chinese), (at.PersonError, Spoken(at)));
    }

    [Theory]
    [InlineData("link"), InlineData("form"), InlineData("pushed")]
    public async Task The_persons_own_choice_outweighs_it_from_then_on(string how)
    {
        using var browser = idp.Browser();
        var at = await SendAsync(browser, idp.App(TestClient.Calm).Ask(responseMode: "form_post").With("ui_locales", "zh-CN"), how);
        at = await browser.VisitAsync(new Uri(at.Url, at.Page!.QuerySelector("a[hreflang=en]")!.GetAttribute("href")).ToString());
        Assert.Equal(("/sign-in", "en"), (at.At, Spoken(at)));
        at = await idp.PassAsync(browser, at, idp.Plain());
        Assert.Equal(("client", "en"), (at.At, Spoken(at)));
    }

    private async Task<Stop> SendAsync(Browser browser, AuthorizationAsk ask, string how) => how switch
    {
        "form" => await browser.PostFromElsewhereAsync("/connect/authorize", ask.Values),
        "pushed" => await browser.OpenAsync(ask.BehindHandle((await idp.App(ask.Client).PushAsync(ask)).MustSucceed()["request_uri"]!)),
        _ => await browser.OpenAsync(ask.Url),
    };

    private static string? Spoken(Stop at) => at.Page?.DocumentElement.GetAttribute("lang");
}

[Collection(nameof(OnSqlite))]
public sealed class UiLocales_on_SQLite_and_memory(SqliteHost host) : UiLocalesTests(host.Idp);

[Thorough]
[Collection(nameof(OnPostgres))]
public sealed class UiLocales_on_PostgreSQL_and_Redis(PostgresHost host) : UiLocalesTests(host.Idp);
