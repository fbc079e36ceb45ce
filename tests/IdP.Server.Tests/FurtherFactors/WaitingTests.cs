using System.Net;
using System.Text;
using IdP.Server.Tests.FurtherFactors.App;
using IdP.Server.Tests.SignIn;
using IdP.Server.Tests.Support;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace IdP.Server.Tests.FurtherFactors;

/// <summary>How a page that waits is told, by a stream or by asking. With two nodes: decided on one, waiting on the other.</summary>
public abstract class WaitingTests(FactorHost host)
{
    private readonly TestIdp idp = host.Idp;
    private readonly int other = host.Idp.Ports.Count - 1;

    [Theory]
    [InlineData(true, "approved")]
    [InlineData(false, "denied")]
    public async Task A_stream_tells_the_decision_and_ends(bool approve, string told)
    {
        var (person, browser, path) = await WaitingAsync();
        using (browser)
        {
            using var stream = await StreamAsync(browser, path, other);
            Assert.Equal("waiting", await stream.NextAsync());
            await host.Phone.DecideAsync(person.Id, approve);
            Assert.Equal(told, await stream.NextAsync());
            Assert.Null(await stream.NextAsync());
        }
    }

    [Fact]
    public async Task Who_does_not_take_streams_is_answered_at_once()
    {
        var (person, browser, path) = await WaitingAsync();
        using (browser)
        {
            Assert.Equal("""{"state":"waiting"}""", await AskAsync(browser, path));
            await host.Phone.DecideAsync(person.Id, approve: true);
            Assert.Equal("""{"state":"approved"}""", await AskAsync(browser, path, other));
            idp.Clock.Forward(TimeSpan.FromMinutes(2));
            Assert.Equal("""{"state":"over"}""", await AskAsync(browser, path));
        }
    }

    [Fact]
    public async Task Another_browser_hears_that_it_is_over()
    {
        var (_, browser, path) = await WaitingAsync();
        var (_, stranger, _) = await WaitingAsync();
        using (browser)
        using (stranger)
        {
            Assert.Equal("""{"state":"over"}""", await AskAsync(stranger, path));
            using var stream = await StreamAsync(stranger, path, 0);
            Assert.Equal("over", await stream.NextAsync());
            Assert.Null(await stream.NextAsync());
        }
    }

    [Fact]
    public async Task A_browser_has_six_streams_and_gets_another_when_one_ends()
    {
        var (_, browser, path) = await WaitingAsync();
        using (browser)
        {
            var streams = new List<EventStream>();
            for (var n = 0; n < 6; n++)
                streams.Add(await StreamAsync(browser, path, 0));
            using (var refused = await StreamAsync(browser, path, 0))
                Assert.Equal(HttpStatusCode.TooManyRequests, refused.Status);
            streams.ForEach(stream => stream.Dispose());
            for (var n = 0; n < 100; n++)
            {
                using var again = await StreamAsync(browser, path, 0);
                if (again.Status == HttpStatusCode.OK)
                    return;
                await Task.Delay(50);
            }

            Assert.Fail("No stream was given back.");
        }
    }

    [Fact]
    public async Task A_page_without_a_browser_cookie_is_not_found()
    {
        var (_, browser, path) = await WaitingAsync();
        browser.Dispose();
        Assert.Equal(404, (await idp.GetAsync(path)).Status);
    }

    private async Task<(FactorPerson Person, Browser Browser, string Path)> WaitingAsync()
    {
        var person = await FactorPerson.AddAsync(idp, "app");
        var browser = idp.Browser();
        var password = new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password };
        var at = await browser.SubmitAsync(await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url), password, "/sign-in");
        return (person, browser, at.Page!.QuerySelector("[data-wait]")!.GetAttribute("data-wait")!);
    }

    private async Task<string> AskAsync(Browser browser, string path, int node = 0)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, idp.Issuer + path);
        request.Headers.Add("Cookie", browser.CookieHeader);
        return (await idp.SendAsync(request, node)).Body;
    }

    private async Task<EventStream> StreamAsync(Browser browser, string path, int node)
    {
        var uri = new UriBuilder(idp.Issuer + path) { Port = idp.Ports[node] }.Uri;
        return await EventStream.OpenAsync(uri, browser.CookieHeader);
    }
}

/// <summary>Server-sent events as a browser reads them.</summary>
internal sealed class EventStream : IDisposable
{
    private readonly HttpClient client = new() { Timeout = TimeSpan.FromSeconds(30) };
    private HttpResponseMessage response = null!;
    private StreamReader reader = null!;

    public HttpStatusCode Status => response.StatusCode;

    public static async Task<EventStream> OpenAsync(Uri uri, string cookies)
    {
        var stream = new EventStream();
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        request.Headers.Add("Cookie", cookies);
        request.Headers.Add("Accept", "text/event-stream");
        stream.response = await stream.client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        stream.reader = new StreamReader(await stream.response.Content.ReadAsStreamAsync(), Encoding.UTF8);
        return stream;
    }

    /// <summary>The next event's data; null when the stream has ended.</summary>
    public async Task<string?> NextAsync()
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
                return line["data: ".Length..];
        }

        return null;
    }

    public void Dispose()
    {
        reader.Dispose();
        response.Dispose();
        client.Dispose();
    }
}

public sealed class Waiting_on_SQLite_and_memory(SqliteFactorHost host) : WaitingTests(host), IClassFixture<SqliteFactorHost>;

public sealed class Waiting_on_PostgreSQL_and_Redis(PostgresFactorHost host) : WaitingTests(host), IClassFixture<PostgresFactorHost>;

/// <summary>Streams end with their node, and are no requests with a deadline.</summary>
public sealed class WaitingShutdownTests(SqliteFactorHost host) : IClassFixture<SqliteFactorHost>
{
    [Fact]
    public void Streams_have_no_deadline() => Assert.All(
        host.Idp.Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/waiting/", StringComparison.Ordinal)),
        endpoint => Assert.NotNull(endpoint.Metadata.GetMetadata<DisableRequestTimeoutAttribute>()));

    [Fact]
    public async Task Streams_end_when_the_node_stops()
    {
        var idp = host.Idp;
        var person = await FactorPerson.AddAsync(idp, "app");
        using var browser = idp.Browser();
        var password = new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password };
        var at = await browser.SubmitAsync(await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url), password, "/sign-in");
        using var stream = await EventStream.OpenAsync(new Uri(idp.Issuer + at.Page!.QuerySelector("[data-wait]")!.GetAttribute("data-wait")), browser.CookieHeader);
        Assert.Equal("waiting", await stream.NextAsync());
        idp.Service<IHostApplicationLifetime>().StopApplication();
        // Long before the host would cut it off.
        Assert.Null(await stream.NextAsync().WaitAsync(TimeSpan.FromSeconds(3)));
    }
}
