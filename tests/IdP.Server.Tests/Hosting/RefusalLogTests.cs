using IdP.Server.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IdP.Server.Tests.Hosting;

/// <summary>Who has only the reference of an error page, or an app that hides its errors, finds the reason in the log.</summary>
public sealed class RefusalLogTests : IAsyncLifetime
{
    private TestIdp idp = null!;

    public async ValueTask InitializeAsync() => idp = await TestIdp.StartAsync(StorePair.SqliteAndMemory, new TestIdpOptions
    {
        Seed = new Seed(otpPeople: 1),
        Replace = services => services.PostConfigure<LoggerFilterOptions>(filter => filter.MinLevel = LogLevel.Information),
    });

    public ValueTask DisposeAsync() => idp?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task An_error_page_shows_the_reference_of_one_log_line()
    {
        using var browser = idp.Browser();
        var sent = "/connect/authorize?client_id=web&response_type=code&state=state-canary&redirect_uri=https://elsewhere.example/cb%0A?q=query-canary";
        var page = await browser.VisitAsync(sent);
        var reference = page.Page!.QuerySelectorAll("dd code")[1].TextContent;
        var line = Assert.Single(Refusals(), line => line.Contains(reference, StringComparison.Ordinal));
        Assert.Contains("GET /connect/authorize was refused with invalid_request", line, StringComparison.Ordinal);
        Assert.Contains("client web, redirect URI https://elsewhere.example/cb?", line, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }

    [Fact]
    public async Task An_error_that_an_app_is_answered_with_is_in_the_log()
    {
        using var browser = idp.Browser();
        var app = idp.App(TestClient.Web);
        Assert.Equal("login_required", (await browser.OpenAsync(app.Ask().With("prompt", "none").Url)).MustAnswer()["error"]);
        Assert.Contains(Refusals(), line => line.Contains("was refused with login_required: ", StringComparison.Ordinal)
            && line.Contains($"redirect URI {TestClient.Web.RedirectUri}", StringComparison.Ordinal));

        await app.PostAsync("/connect/token", new Dictionary<string, string> { ["grant_type"] = "authorization_code", ["code"] = "code-canary" });
        var line = Assert.Single(Refusals(), line => line.Contains("POST /connect/token was refused with ", StringComparison.Ordinal));
        Assert.DoesNotContain("canary", line, StringComparison.Ordinal);
    }

    private IEnumerable<string> Refusals() => idp.Log.Lines.Where(line => line.Contains("was refused with", StringComparison.Ordinal));
}
