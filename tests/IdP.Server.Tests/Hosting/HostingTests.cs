using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IdP.Server.Hosting;
using IdP.Server.Storage;
using IdP.Server.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IdP.Server.Tests.Hosting;

/// <summary>Listeners, certificates, proxies, health and deadlines, on a host of its own with real sockets.</summary>
public sealed class HostingTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("idp-hosting-").FullName;
    private readonly int port = TestIdp.FreePort();
    private readonly int management = TestIdp.FreePort();
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_renewed_certificate_is_served_without_a_restart_and_a_broken_one_is_not()
    {
        var first = WriteCertificate();
        await using var host = await StartAsync($"https://localhost:{port}", $"https://127.0.0.1:{port}");
        Assert.Equal(first, await ServedAsync());

        var second = WriteCertificate();
        await EventuallyAsync(async () => await ServedAsync() == second);

        await File.WriteAllTextAsync(Path.Combine(folder, "key.pem"), "not a key", cancel);
        await Task.Delay(TimeSpan.FromSeconds(2.5), cancel);
        Assert.Equal(second, await ServedAsync());
    }

    [Fact]
    public async Task On_https_every_cookie_is_bound_to_the_host_and_the_browser_is_told_to_stay_on_https()
    {
        WriteCertificate();
        await using var host = await StartAsync($"https://localhost:{port}", $"https://127.0.0.1:{port}");
        using var client = Client();
        using var answer = await client.GetAsync(new Uri($"https://127.0.0.1:{port}/?theme=dark&ui_locales=zh-CN"), cancel);
        var cookies = answer.Headers.GetValues("Set-Cookie").ToList();
        Assert.Equal(2, cookies.Count);
        Assert.All(cookies, cookie =>
        {
            Assert.StartsWith("__Host-", cookie, StringComparison.Ordinal);
            Assert.Contains("secure", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("path=/", cookie, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("domain", cookie, StringComparison.OrdinalIgnoreCase);
        });
        Assert.Contains("max-age=31536000", answer.Headers.GetValues("Strict-Transport-Security").Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "127.0.0.1")]
    [InlineData("10.0.0.0/8", "127.0.0.1")]
    [InlineData("127.0.0.1", "203.0.113.7")]
    public async Task Forwarded_addresses_are_believed_from_configured_proxies_only(string? known, string expected)
    {
        string[] more = known is null ? [] : ["--Proxies:Known:0=" + known];
        await using var host = await StartAsync($"http://localhost:{port}", $"http://127.0.0.1:{port}", more);
        using var client = Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{port}/.well-known/openid-configuration"));
        request.Headers.Add("X-Forwarded-For", "203.0.113.7");
        request.Headers.Add("X-Forwarded-Host", "evil.example");
        request.Headers.Add("X-Forwarded-Proto", "https");
        using var answer = await client.SendAsync(request, cancel);
        Assert.Equal(expected, await probe.Address);
        Assert.Contains($"\"issuer\":\"http://localhost:{port}\"", await answer.Content.ReadAsStringAsync(cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_answers_on_its_own_listener_only()
    {
        await using var host = await StartAsync($"http://localhost:{port}", $"http://127.0.0.1:{port}");
        using var client = Client();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, management, "/health/live"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, management, "/health/ready"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(client, management, "/.well-known/openid-configuration"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(client, port, "/health/live"));
    }

    [Fact]
    public async Task The_demo_does_not_exist_in_production()
    {
        await using var host = await StartAsync($"http://localhost:{port}", $"http://127.0.0.1:{port}", "--Demo:Enabled=true");
        using var client = Client();
        foreach (var path in (string[])["/demo", "/demo/mail", "/demo/api", "/demo/callback", "/demo/sign-in", "/demo/code"])
            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(client, port, path));
    }

    [Fact]
    public async Task A_request_that_meets_its_deadline_is_refused_in_words_and_never_confirmed()
    {
        await using var host = await StartAsync($"http://localhost:{port}", $"http://127.0.0.1:{port}", services => services.AddSingleton<IEphemeralStore>(new StuckStore()));
        await Seeded.ClientAsync(host.Services, cancel);
        using var client = Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://127.0.0.1:{port}/connect/par"))
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["response_type"] = "code", ["redirect_uri"] = Seeded.RedirectUri, ["scope"] = "openid",
                ["code_challenge"] = new string('a', 43), ["code_challenge_method"] = "S256",
            }),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("app:secret-of-the-app-0123456789"u8));
        // A person's request of the same kind, at the same time.
        using var visit = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{port}/verify?tx={Handles.NewId()}"));
        visit.Headers.Add("Cookie", "idp.browser=" + Handles.New());
        visit.Headers.Accept.ParseAdd("text/html");

        var started = TimeProvider.System.GetTimestamp();
        var answers = await Task.WhenAll(client.SendAsync(request, cancel), client.SendAsync(visit, cancel));
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(12));
        foreach (var answer in answers)
        {
            using (answer)
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
                Assert.NotNull(answer.Headers.RetryAfter);
                Assert.Contains("temporarily_unavailable", await answer.Content.ReadAsStringAsync(cancel), StringComparison.Ordinal);
            }
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private readonly AddressProbe probe = new();

    private Task<WebApplication> StartAsync(string issuer, string listen, params string[] more) => StartAsync(issuer, listen, null, more);

    private Task<WebApplication> StartAsync(string issuer, string listen, Action<IServiceCollection> replace) => StartAsync(issuer, listen, replace, []);

    private async Task<WebApplication> StartAsync(string issuer, string listen, Action<IServiceCollection>? replace, string[] more)
    {
        Environment.SetEnvironmentVariable("ASPNETCORE_ENVIRONMENT", "Production");
        string[] tls = listen.StartsWith("https", StringComparison.Ordinal)
            ? [$"--Tls:Certificate={folder}/certificate.pem", $"--Tls:Key={folder}/key.pem"] : [];
        var host = IdpHost.Build(
            [$"--Issuer={issuer}", $"--Listen:Urls={listen}", $"--Listen:Management=http://127.0.0.1:{management}", $"--DataDirectory={folder}/data", .. tls, .. more],
            builder =>
            {
                builder.Logging.ClearProviders();
                builder.Services.AddSingleton<Microsoft.AspNetCore.Hosting.IStartupFilter>(probe);
                replace?.Invoke(builder.Services);
            });
        await host.StartAsync(cancel);
        return host;
    }

    private string WriteCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(80));
        File.WriteAllText(Path.Combine(folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Path.Combine(folder, "certificate.pem"), certificate.ExportCertificatePem());
        return certificate.Thumbprint;
    }

    private async Task<string> ServedAsync()
    {
        var seen = "";
        using var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, certificate, _, _) => (seen = ((X509Certificate2)certificate!).Thumbprint).Length > 0 },
        };
        using var client = new HttpClient(handler);
        using var answer = await client.GetAsync(new Uri($"https://127.0.0.1:{port}/.well-known/openid-configuration"), cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return seen;
    }

    private static HttpClient Client() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == "CN=localhost" },
    });

    private async Task<HttpStatusCode> StatusAsync(HttpClient client, int at, string path)
    {
        using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{at}{path}"), cancel);
        return answer.StatusCode;
    }

    private async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        for (var look = 0; look < 50; look++)
        {
            if (await holds())
                return;
            await Task.Delay(100, cancel);
        }

        Assert.Fail("It did not come true within five seconds.");
    }
}
