using IdP.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace IdP.Server.Tests.Pages;

public sealed class HeaderTests
{
    [Theory]
    [InlineData("https://app.example/cb?x=1", "https://app.example"), InlineData("http://127.0.0.1:8123/cb", "http://127.0.0.1:8123"), InlineData("https://app.example:8443/", "https://app.example:8443")]
    [InlineData("http://[::1]:9000/cb", "http:"), InlineData("com.example.app:/cb", "com.example.app:")]
    public void A_page_may_lead_to_one_origin(string target, string expected) => Assert.Equal(expected, SecurityHeaders.SourceOf(target));

    [Fact]
    public async Task Every_answer_carries_the_headers()
    {
        var http = await AnswerAsync(_ => { });
        Assert.Empty(HeaderAudit.Faults(name => http.Response.Headers.TryGetValue(name, out var value) ? value.ToString() : null, isPage: true));
        Assert.False(http.Response.Headers.ContainsKey("Strict-Transport-Security"));
    }

    [Fact]
    public async Task A_page_that_posts_to_an_app_names_its_origin()
    {
        var http = await AnswerAsync(inner => inner.PostsTo("https://app.example/cb"));
        Assert.Contains("form-action 'self' https://app.example https:;", http.Response.Headers.ContentSecurityPolicy.ToString(), StringComparison.Ordinal);
        Assert.Empty(HeaderAudit.Faults(name => http.Response.Headers.TryGetValue(name, out var value) ? value.ToString() : null, isPage: true));
    }

    /// <summary>An injected form would take passwords: a page that asks for one names no origin.</summary>
    [Theory]
    [InlineData("https://app.example/cb", "form-action 'self';"), InlineData("http://127.0.0.1:8123/cb", "form-action 'self';")]
    [InlineData("com.example.app:/cb", "form-action 'self' com.example.app:;")]
    public async Task A_page_that_leads_to_an_app_names_private_schemes_only(string target, string expected)
    {
        var http = await AnswerAsync(inner => inner.LeadsTo(target));
        Assert.Contains(expected, http.Response.Headers.ContentSecurityPolicy.ToString(), StringComparison.Ordinal);
    }

    /// <summary>A popup that is severed from its opener looks closed to it. The personal pages are opened by no app.</summary>
    [Theory]
    [InlineData("/account", true), InlineData("/account/two-step", true), InlineData("/", true), InlineData("/setup", true), InlineData("/sign-in-elsewhere", true)]
    [InlineData("/connect/authorize", false), InlineData("/connect/continue", false), InlineData("/connect/endsession", false), InlineData("/sign-in", false)]
    [InlineData("/verify", false), InlineData("/verify/other", false), InlineData("/bind/choose", false), InlineData("/consent", false), InlineData("/signed-out", false)]
    public async Task Only_pages_of_a_sign_in_stay_with_their_opener(string path, bool severed)
    {
        var http = await AnswerAsync(_ => { }, path: path);
        Assert.Equal(severed ? "same-origin" : "", http.Response.Headers["Cross-Origin-Opener-Policy"].ToString());
    }

    [Fact]
    public async Task Over_https_browsers_are_told_to_stay_there()
    {
        var http = await AnswerAsync(_ => { }, scheme: "https");
        Assert.Equal("max-age=31536000", http.Response.Headers.StrictTransportSecurity);
    }

    [Theory]
    [InlineData("javascript:alert(1)"), InlineData("data:text/html,x"), InlineData("/relative"), InlineData(""), InlineData(null)]
    public void Links_from_registrations_are_web_addresses_or_nothing(string? address) => Assert.Null(SafeLink.Of(address));

    private static async Task<HttpContext> AnswerAsync(Action<HttpContext> page, string scheme = "http", string path = "/")
    {
        var app = new ApplicationBuilder(new EmptyServices());
        app.UseSecurityHeaders();
        app.Run(http =>
        {
            page(http);
            return Task.CompletedTask;
        });
        var context = new DefaultHttpContext { Request = { Scheme = scheme, Path = path } };
        await app.Build()(context);
        return context;
    }

    private sealed class EmptyServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
