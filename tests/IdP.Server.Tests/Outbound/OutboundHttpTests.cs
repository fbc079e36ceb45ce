using System.Net;
using System.Net.Sockets;
using System.Text;
using IdP.Server.Hosting;
using IdP.Server.Outbound;
using IdP.Server.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;

namespace IdP.Server.Tests.Outbound;

/// <summary>The guarded client against a real server on this machine.</summary>
public sealed class OutboundHttpTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("idp-test-").FullName;
    private readonly CapturedLog log = new();
    private WebApplication server = null!;
    private int asked;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var certificate = new TestCertificate(folder);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(
            System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPemFile(certificate.CertificatePath, certificate.KeyPath))));
        server = builder.Build();
        server.Use(async (_, next) =>
        {
            Interlocked.Increment(ref asked);
            await next();
        });
        server.MapGet("/good", () => "good");
        server.MapPost("/good", async (HttpRequest request) => await new StreamReader(request.Body).ReadToEndAsync());
        server.MapGet("/elsewhere", () => Results.Redirect("/good"));
        server.MapGet("/large", () => Results.Bytes(new byte[OutboundHttp.MostBytes + 1]));
        server.MapGet("/largest", () => Results.Bytes(new byte[OutboundHttp.MostBytes]));
        server.MapGet("/slow", async (HttpContext context) => await Task.Delay(TimeSpan.FromSeconds(30), context.RequestAborted));
        server.MapGet("/once", () => asked == 1 ? Results.StatusCode(503) : Results.Text("again"));
        server.MapPost("/away", () => Results.StatusCode(503));
        await server.StartAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Loopback_is_closed_by_its_address_and_by_its_name()
    {
        await using var services = Services();
        var http = services.GetRequiredService<OutboundHttp>();
        foreach (var host in (string[])["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
            Assert.IsType<OutboundResult.Forbidden>(await http.GetAsync(new($"https://{host}:{Port}/good"), Cancel));
        Assert.Equal(0, asked);
    }

    [Fact]
    public async Task Only_https_without_a_password_is_asked()
    {
        await using var services = Services("127.0.0.1");
        var http = services.GetRequiredService<OutboundHttp>();
        foreach (var address in (string[])[$"http://127.0.0.1:{Port}/good", $"https://me:secret@localhost:{Port}/good", "file:///etc/passwd", "ftp://localhost/x"])
            Assert.IsType<OutboundResult.Forbidden>(await http.GetAsync(new(address), Cancel));
        Assert.IsType<OutboundResult.Forbidden>(await http.GetAsync(new("/good", UriKind.Relative), Cancel));
        Assert.Equal(0, asked);
    }

    [Fact]
    public async Task An_allowed_network_is_asked_and_its_answer_read()
    {
        await using var services = Services("127.0.0.1");
        var http = services.GetRequiredService<OutboundHttp>();
        var got = Assert.IsType<OutboundResult.Answered>(await http.GetAsync(At("/good"), Cancel));
        Assert.Equal("good", Encoding.UTF8.GetString(got.Body));
        var posted = Assert.IsType<OutboundResult.Answered>(await http.PostAsync(At("/good"), new StringContent("posted"), Cancel));
        Assert.Equal("posted", Encoding.UTF8.GetString(posted.Body));
    }

    [Fact]
    public async Task A_redirect_is_an_answer_and_is_not_followed()
    {
        await using var services = Services("127.0.0.1");
        var got = await services.GetRequiredService<OutboundHttp>().GetAsync(At("/elsewhere"), Cancel);
        Assert.Equal(HttpStatusCode.Redirect, Assert.IsType<OutboundResult.Answered>(got).Status);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task An_answer_that_is_too_large_is_a_failure()
    {
        await using var services = Services("127.0.0.1");
        var http = services.GetRequiredService<OutboundHttp>();
        Assert.Equal(OutboundHttp.MostBytes, Assert.IsType<OutboundResult.Answered>(await http.GetAsync(At("/largest"), Cancel)).Body.Length);
        Assert.Equal("the answer is too large", Assert.IsType<OutboundResult.Failed>(await http.GetAsync(At("/large"), Cancel)).Why);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_given_up_within_the_deadline()
    {
        await using var services = Services("127.0.0.1");
        var started = TimeProvider.System.GetTimestamp();
        Assert.IsType<OutboundResult.Failed>(await services.GetRequiredService<OutboundHttp>().GetAsync(At("/slow"), Cancel));
        // Not a speed test: the handler would wait for thirty seconds.
        Assert.True(TimeProvider.System.GetElapsedTime(started) < OutboundHttp.Deadline + TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task A_read_is_tried_again_and_a_post_is_not()
    {
        await using var services = Services("127.0.0.1");
        var http = services.GetRequiredService<OutboundHttp>();
        Assert.Equal("again", Encoding.UTF8.GetString(Assert.IsType<OutboundResult.Answered>(await http.GetAsync(At("/once"), Cancel)).Body));
        Assert.Equal(2, asked);
        asked = 0;
        var away = await http.PostAsync(At("/away"), new StringContent("x"), Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, Assert.IsType<OutboundResult.Answered>(away).Status);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for_is_refused()
    {
        await using var services = Services(trusting: false, "127.0.0.1");
        Assert.Equal("no trusted TLS connection",
            Assert.IsType<OutboundResult.Failed>(await services.GetRequiredService<OutboundHttp>().GetAsync(At("/good"), Cancel)).Why);
        Assert.Equal(0, asked);
    }

    /// <summary>The path of a push subscription is a secret (I-7).</summary>
    [Fact]
    public async Task A_log_names_the_host_alone()
    {
        await using var services = Services("127.0.0.1");
        var http = services.GetRequiredService<OutboundHttp>();
        await http.GetAsync(At("/slow?subscription=canary-secret"), Cancel);
        await http.GetAsync(new($"https://[::1]:{Port}/canary-secret"), Cancel);
        Assert.NotEmpty(log.Lines);
        Assert.DoesNotContain(log.Lines, line => line.Contains("canary-secret", StringComparison.Ordinal));
    }

    private int Port => new Uri(server.Urls.Single()).Port;

    private Uri At(string path) => new($"https://localhost:{Port}{path}");

    private ServiceProvider Services(params string[] allowed) => Services(trusting: true, allowed);

    private ServiceProvider Services(bool trusting, params string[] allowed) => new ServiceCollection()
        .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(log))
        .AddOutbound(new OutboundOptions { AllowedNetworks = [.. allowed] })
        .Configure<HttpClientFactoryOptions>(OutboundHttp.ClientName, options => options.HttpMessageHandlerBuilderActions.Add(builder =>
        {
            if (trusting)
                ((SocketsHttpHandler)builder.PrimaryHandler).SslOptions = TestCertificate.Trusting();
        }))
        .BuildServiceProvider();
}
