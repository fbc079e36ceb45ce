using IdP.Server.Tests.Attacks;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>The cookie that goes with one sign-in: there are never so many that a request is too large for the server.</summary>
public sealed class OwnerCookieTests(SqliteAttackHost host) : IClassFixture<SqliteAttackHost>
{
    private readonly TestIdp idp = host.Idp;

    [Fact]
    public async Task Sign_ins_that_nobody_finishes_do_not_fill_the_browser_with_cookies()
    {
        using var browser = idp.Browser();
        // A browser keeps more than this class does by itself.
        browser.Cookies.PerDomainCapacity = 100;
        var person = idp.WithOtp();
        Assert.NotNull((await idp.SignInAsync(browser, idp.App(TestClient.Web).Ask(), person)).Answer?["code"]);
        for (var n = 0; n < 30; n++)
            Assert.Equal("/sign-in", (await browser.OpenAsync(idp.App(TestClient.Web).Ask().With("prompt", "login").Url)).At);
        Assert.InRange(browser.Cookies.GetCookies(new Uri(idp.Issuer)).Count(cookie => cookie.Name.Contains("idp.owner-", StringComparison.Ordinal)), 1, 20);
    }
}
