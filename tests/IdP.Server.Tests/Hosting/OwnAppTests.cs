using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Hosting;

/// <summary>"Sign in to an app of your own" as the README says it: its commands beside a running server, and the app of docs/relying-party.cs.</summary>
public sealed partial class OwnAppTests : IAsyncLifetime
{
    public const string Sample = "docs/relying-party.cs";

    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private readonly int port = TestIdp.FreePort();
    private TestIdp idp = null!;

    private string App => string.Create(CultureInfo.InvariantCulture, $"http://localhost:{port}");

    public async ValueTask InitializeAsync() =>
        idp = await TestIdp.StartAsync(StorePair.SqliteAndMemory, new TestIdpOptions { OwnProcess = true, Seed = new Seed(otpPeople: 1, plainPeople: 0) });

    public ValueTask DisposeAsync() => idp?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public Task The_readme_leads_to_an_app_that_demands_a_second_factor() => LeadsToAnAppAsync(SourceTree.Root);

    /// <summary>Nothing around the file helps it.</summary>
    [Fact, Thorough]
    public async Task The_sample_app_runs_when_it_is_copied_out_of_the_repository()
    {
        var folder = Directory.CreateTempSubdirectory("idp-sample-");
        try
        {
            Directory.CreateDirectory(Path.Combine(folder.FullName, "docs"));
            File.Copy(Path.Combine(SourceTree.Root, Sample), Path.Combine(folder.FullName, Sample));
            await LeadsToAnAppAsync(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task LeadsToAnAppAsync(string folder)
    {
        var readme = await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "README.md"), cancel);
        var secret = Secret().Match(await TypeAsync(
            readme, $"client add my-app --redirect-uri {App}/callback --post-logout-redirect-uri {App}/signed-out")).Groups[1].Value;
        await using var app = await RunAppAsync(readme, secret, folder);
        Assert.NotNull(await TypeAsync(readme, "user add alice --email alice@example.com --password 'correct horse battery'"));

        var alice = new Person("alice", "correct horse battery");
        var shown = await VisitAsync("/", alice);
        Assert.Contains("email: alice@example.com", shown, StringComparison.Ordinal);
        Assert.Contains("acr: pwd", shown, StringComparison.Ordinal);
        Assert.Contains("<button>Sign out</button>", shown, StringComparison.Ordinal);
        await SignsOutAsync(alice);
        shown = await VisitAsync("/safe", alice);
        Assert.Contains("email: alice@example.com", shown, StringComparison.Ordinal);
        Assert.Contains("acr: mfa", shown, StringComparison.Ordinal);

        var other = idp.WithOtp();
        shown = await VisitAsync("/safe", other);
        Assert.Contains($"email: {other.Email}", shown, StringComparison.Ordinal);
        Assert.Contains("acr: mfa", shown, StringComparison.Ordinal);
    }

    private async Task<string> TypeAsync(string readme, string command)
    {
        Assert.Contains("dotnet run --project src/IdP.Server -- " + command.Replace(App, "http://localhost:3000", StringComparison.Ordinal) + "\n", readme, StringComparison.Ordinal);
        var (code, output) = await idp.CliAsync([.. Word().Matches(command).Select(word => word.Value.Trim('\''))]);
        Assert.True(code == 0, output);
        return output;
    }

    private async Task<ChildProcess> RunAppAsync(string readme, string secret, string folder)
    {
        Assert.Contains("dotnet run docs/relying-party.cs -- THE-SECRET\n", readme, StringComparison.Ordinal);
        // Nothing that builds it may outlive it.
        var app = new ChildProcess(
            "dotnet", ["run", "docs/relying-party.cs", "--", secret, idp.Issuer, App],
            new Dictionary<string, string> { ["MSBUILDDISABLENODEREUSE"] = "1", ["UseSharedCompilation"] = "false" }, folder);
        await app.ListeningAsync(port, TimeSpan.FromMinutes(2));
        return app;
    }

    /// <summary>The button ends the session here as well, and leads back to the app.</summary>
    private async Task SignsOutAsync(Person person)
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false };
        using var client = new HttpClient(handler) { BaseAddress = new Uri(App) };
        using var browser = idp.Browser();
        var at = await browser.OpenAsync((await client.GetAsync(new Uri("/", UriKind.Relative), cancel)).Headers.Location!.OriginalString);
        using var entered = await client.GetAsync((await idp.PassAsync(browser, at, person)).MustAnswer().Uri, cancel);
        using var page = await client.GetAsync(new Uri("/", UriKind.Relative), cancel);
        Assert.Equal("text/html; charset=utf-8", page.Content.Headers.ContentType?.ToString());
        using var left = await client.PostAsync(new Uri("/sign-out", UriKind.Relative), null, cancel);
        Assert.StartsWith(idp.Issuer + "/connect/endsession?", left.Headers.Location?.OriginalString, StringComparison.Ordinal);
        Assert.StartsWith(App + "/signed-out", (await browser.OpenAsync(left.Headers.Location!.OriginalString)).Trail[^1].Head["Location"], StringComparison.Ordinal);
        using var again = await client.GetAsync(new Uri("/", UriKind.Relative), cancel);
        Assert.Equal(HttpStatusCode.Found, again.StatusCode);
        Assert.Equal("/sign-in", (await browser.OpenAsync(again.Headers.Location!.OriginalString)).At);
    }

    /// <summary>What the app shows in the end to somebody who comes with a fresh browser.</summary>
    private async Task<string> VisitAsync(string path, Person person)
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false };
        using var client = new HttpClient(handler) { BaseAddress = new Uri(App) };
        using var browser = idp.Browser();
        var challenge = await GoAsync(path);
        Assert.Equal(HttpStatusCode.Found, challenge.Status);

        // Running servers know the app within five seconds.
        var at = await browser.OpenAsync(challenge.Location!);
        for (var watch = Stopwatch.StartNew(); at.PersonError is not null && watch.Elapsed < TimeSpan.FromSeconds(5); at = await browser.OpenAsync(challenge.Location!))
            await Task.Delay(100, cancel);

        at = await idp.PassAsync(browser, at, person);
        var back = (at.At == "/bind" ? (await browser.BindOtpAsync(at, idp.Clock)).At : at).MustAnswer();
        Assert.StartsWith(App + "/callback?", back.Uri.ToString(), StringComparison.Ordinal);
        var answer = await GoAsync(back.Uri.PathAndQuery);
        return answer.Status == HttpStatusCode.Found ? (await GoAsync(answer.Location!)).Body : answer.Body;

        async Task<(HttpStatusCode Status, string? Location, string Body)> GoAsync(string to)
        {
            using var response = await client.GetAsync(new Uri(to, UriKind.RelativeOrAbsolute), cancel);
            return (response.StatusCode, response.Headers.Location?.OriginalString, await response.Content.ReadAsStringAsync(cancel));
        }
    }

    [GeneratedRegex(@"client secret\s+(\S+)")]
    private static partial Regex Secret();

    [GeneratedRegex("'[^']*'|[^ ]+")]
    private static partial Regex Word();
}
