using System.Text.RegularExpressions;
using IdP.Protocol.Clients;
using IdP.Server.Hosting;
using IdP.Server.Tests.Attacks;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Pages;

/// <summary>No page is a dead end: each leads back to the sign-in that was left, to the app, or to the start page.</summary>
public sealed partial class WayBackTests(SqliteStepHost host) : IClassFixture<SqliteStepHost>
{
    private static readonly Dictionary<string, string> Nothing = [];

    private readonly TestIdp idp = host.Idp;

    [Theory]
    [InlineData("/", "/account")]
    [InlineData("/no/such/page", "/")]
    [InlineData("/connect/authorize?client_id=nobody", "/")]
    [InlineData("/sign-in?tx=unknown", "/")]
    [InlineData("/signed-out", "/")]
    [InlineData("/signed-out?client_id=web", "https://web.example/")]
    [InlineData("/forgot", "/")]
    [InlineData("/forgot?done=asked", "/")]
    [InlineData("/reset?token=used", "/forgot")]
    [InlineData("/not-me?token=used", "/forgot")]
    [InlineData("/reset?done=yes", "/account")]
    public async Task Every_page_leads_somewhere(string page, string back)
    {
        using var browser = idp.Browser();
        Assert.Contains(back, Links(await browser.VisitAsync(page)));
    }

    [Fact]
    public async Task Forgot_keeps_the_apps_sign_in()
    {
        var person = await host.WithNothingAsync();
        using var browser = idp.Browser();
        var at = await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url);
        var forgot = await browser.VisitAsync("/forgot");
        Assert.Equal("/connect/continue" + at.Url.Query, Back(forgot));
        forgot = await browser.SubmitAsync(forgot, new Dictionary<string, string> { ["userName"] = person.UserName }, "/forgot");
        Assert.Equal("/connect/continue" + at.Url.Query, Back(forgot));
        Assert.NotNull((await idp.PassAsync(browser, await browser.VisitAsync(Back(forgot)), person)).Answer?["code"]);
        // What is finished is not gone on with: the app itself is the way back.
        Assert.Equal("https://web.example/", Back(await browser.VisitAsync("/forgot")));
    }

    [Fact]
    public async Task After_a_new_password_the_person_goes_on_to_the_app()
    {
        var person = await host.WithNothingAsync();
        using var browser = idp.Browser();
        await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url);
        await browser.SubmitAsync(await browser.VisitAsync("/forgot"), new Dictionary<string, string> { ["userName"] = person.UserName }, "/forgot");
        var link = Link().Match((await idp.Postbox.ReceiveAsync(person.Email, "/reset?token=")).Text).Value;

        person = person with { Password = "quite-another-horse-and-battery" };
        var done = await browser.SubmitAsync(
            await browser.OpenAsync(link), new Dictionary<string, string> { ["newPassword"] = person.Password, ["again"] = person.Password }, "/reset");
        Assert.NotNull((await idp.PassAsync(browser, await browser.VisitAsync(Back(done)), person)).Answer?["code"]);
    }

    [Fact]
    public async Task Cancel_leads_to_the_app_also_when_the_sign_in_is_over()
    {
        using var browser = idp.Browser();
        var at = await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url);
        await idp.ForwardAsync(TimeSpan.FromMinutes(31));
        var over = await browser.SubmitAsync(at, Nothing, "/connect/cancel");
        Assert.Equal("session_expired", over.PersonError);
        Assert.Contains("https://web.example/", Links(over));
    }

    [Fact]
    public async Task Who_stays_signed_in_is_led_back_to_the_app()
    {
        using var browser = idp.Browser();
        await idp.SignInAsync(browser, idp.App(TestClient.Web).Ask(), await host.WithNothingAsync());
        var stayed = await browser.SubmitAsync(await browser.VisitAsync("/connect/endsession"), new Dictionary<string, string> { ["decision"] = "stay" });
        Assert.Equal("/", stayed.At);
        Assert.Contains("https://web.example/", Links(stayed));
    }

    /// <summary>The cookie is anybody's to write: it names what is registered, or nothing.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("https://evil.example/")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAA.nobody")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAA.")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAA.<script>")]
    public async Task A_cookie_of_somebodys_own_leads_nowhere(string cookie)
    {
        using var browser = idp.Browser();
        browser.Cookies.Add(new Uri(idp.Issuer), new System.Net.Cookie("idp.app", cookie));
        foreach (var page in (string[])["/", "/forgot", "/no/such/page"])
            Assert.DoesNotContain(Links(await browser.VisitAsync(page)), link => link.Contains("://", StringComparison.Ordinal));
    }

    /// <summary>The id of a sign-in is in the addresses of its pages; whoever copies it has not got it.</summary>
    [Fact]
    public async Task Another_browsers_sign_in_is_no_way_back()
    {
        using var browser = idp.Browser();
        using var other = idp.Browser();
        await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url);
        other.Cookies.Add(new Uri(idp.Issuer), new System.Net.Cookie("idp.app", browser.Cookies.GetCookies(new Uri(idp.Issuer))["idp.app"]!.Value));
        Assert.Equal("https://web.example/", Back(await other.VisitAsync("/forgot")));
    }

    [Fact]
    public void An_app_is_at_home_where_its_registration_says()
    {
        var app = new Client { ClientId = "app", RedirectUris = ["com.example.app:/callback", "https://mail.example/a/callback?x=1"] };
        Assert.Equal(new AppLink("app", "https://mail.example/"), LastApp.LinkTo(app));
        Assert.Equal("https://www.example/mail", LastApp.LinkTo(app with { ClientUri = "https://www.example/mail" })!.Home);
        Assert.Null(LastApp.LinkTo(app with { RedirectUris = ["com.example.app:/callback"] }));
    }

    private static string Back(Stop at) => at.Page!.QuerySelector("[data-way-back]")?.GetAttribute("href") ?? throw new InvalidOperationException(at.Describe());

    private static string[] Links(Stop at) => [.. at.Page!.QuerySelectorAll("main a").Select(link => link.GetAttribute("href")!)];

    [GeneratedRegex(@"http\S+/reset\?token=\S+")]
    private static partial Regex Link();
}
