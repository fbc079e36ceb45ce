using IdP.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace IdP.Server.Tests.Pages;

public sealed class LanguageTests
{
    [Theory]
    [InlineData("zh-CN", "zh-Hans"), InlineData("zh-TW,en;q=0.1", "zh-Hans"), InlineData("en-GB,zh;q=0.9", "en"), InlineData("zh;q=0.3,en;q=0.8", "en")]
    [InlineData("fr,de;q=0.9", "en"), InlineData("fr,zh;q=0.1", "zh-Hans"), InlineData("zh;q=0,en;q=0.5", "en"), InlineData(";;;,=", "en"), InlineData("*", "en")]
    public async Task The_browser_says_what_it_likes(string accepted, string expected) =>
        Assert.Equal(expected, await SpokenAsync(http => http.Request.Headers.AcceptLanguage = accepted));

    [Fact]
    public async Task What_was_chosen_outweighs_the_browser() =>
        Assert.Equal("zh-Hans", await SpokenAsync(http => (http.Request.Headers.AcceptLanguage, http.Request.Headers.Cookie) = ("en", "idp.lang=zh-Hans")));

    [Fact]
    public async Task The_newest_word_outweighs_the_cookie_and_is_remembered()
    {
        DefaultHttpContext? seen = null;
        var spoken = await SpokenAsync(http =>
        {
            seen = http;
            http.Request.Headers.Cookie = "idp.lang=zh-Hans";
            http.Request.QueryString = new QueryString("?ui_locales=fr%20en-US");
        });
        Assert.Equal("en", spoken);
        Assert.StartsWith("idp.lang=en;", Assert.Single(seen!.Response.Headers.SetCookie)!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?ui_locales=xx"), InlineData("?ui_locales="), InlineData("?ui_locales=%0d%0a"), InlineData("?theme=pink"), InlineData("?theme=dark%3b")]
    public async Task Nonsense_changes_nothing(string query)
    {
        DefaultHttpContext? seen = null;
        Assert.Equal("en", await SpokenAsync(http =>
        {
            seen = http;
            http.Request.QueryString = new QueryString(query);
        }));
        Assert.False(seen!.Response.Headers.ContainsKey("Set-Cookie"));
    }

    [Fact]
    public void A_switch_keeps_the_sign_in_and_replaces_the_old_choice()
    {
        var http = new DefaultHttpContext();
        http.Request.QueryString = new QueryString("?tx=a%2Bb&ui_locales=en&x=%22%3E");
        Assert.Equal("?tx=a%2Bb&x=%22%3E&ui_locales=zh-Hans", SwitchLinks.With(http.Request, "ui_locales", "zh-Hans"));
    }

    private static async Task<string> SpokenAsync(Action<DefaultHttpContext> arrange)
    {
        var preferences = new Preferences(new IdpOptions { Issuer = "http://localhost" });
        var http = new DefaultHttpContext();
        arrange(http);
        var spoken = "";
        await preferences.InvokeAsync(http, inner =>
        {
            spoken = preferences.Language(inner);
            Assert.Equal(spoken, System.Globalization.CultureInfo.CurrentUICulture.Name);
            return Task.CompletedTask;
        });
        return spoken;
    }
}
