using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Hosting;

/// <summary>certs/make-dev-certs.sh and the command of certs/README.md, in a folder of the test's own.</summary>
public sealed class DevelopmentCertificateTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly string[] Names = ["localhost", "id.localhost", "127.0.0.1", "[::1]"];

    private readonly string folder = Directory.CreateTempSubdirectory("idp-certs-").FullName;
    private readonly int port = TestIdp.FreePort();
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    private string Authority => Path.Combine(folder, "certs", "dev-ca.crt");

    [Fact]
    public async Task Who_trusts_the_authority_reaches_the_server_before_and_after_a_renewal()
    {
        Directory.CreateDirectory(Path.Combine(folder, "certs"));
        File.Copy(Path.Combine(SourceTree.Root, "certs", "make-dev-certs.sh"), Path.Combine(folder, "certs", "make-dev-certs.sh"));
        await MakeAsync();
        var authority = await File.ReadAllBytesAsync(Authority, cancel);
        var issuer = string.Create(CultureInfo.InvariantCulture, $"https://id.localhost:{port}");
        await using var server = new ChildProcess(
            BuiltServer.Program,
            ["--Issuer", issuer, "--Listen:Urls", $"https://localhost:{port}", "--Listen:Management", "", "--Tls:Certificate", "certs/dev.crt", "--Tls:Key", "certs/dev.key"],
            new Dictionary<string, string> { ["DOTNET_ENVIRONMENT"] = "Production", ["ASPNETCORE_ENVIRONMENT"] = "Production" }, folder);
        await server.ListeningAsync(port);

        using var first = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, "certs", "dev.crt"));
        foreach (var name in Names)
            Assert.Equal(first.Thumbprint, await ServedAsync(name));
        await Assert.ThrowsAsync<HttpRequestException>(() => ServedAsync("evil.localhost"));
        await Assert.ThrowsAsync<HttpRequestException>(() => ServedAsync("localhost", trusting: false));

        await MakeAsync();
        Assert.Equal(authority, await File.ReadAllBytesAsync(Authority, cancel));
        using var renewed = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, "certs", "dev.crt"));
        Assert.NotEqual(first.Thumbprint, renewed.Thumbprint);
        var served = "";
        for (var watch = Stopwatch.StartNew(); served != renewed.Thumbprint && watch.Elapsed < TimeSpan.FromSeconds(10); await Task.Delay(100, cancel))
            served = await ServedAsync("id.localhost");
        Assert.Equal(renewed.Thumbprint, served);
    }

    private async Task MakeAsync()
    {
        using var script = Process.Start(new ProcessStartInfo("sh", [Path.Combine(folder, "certs", "make-dev-certs.sh")]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = await Task.WhenAll(script.StandardOutput.ReadToEndAsync(cancel), script.StandardError.ReadToEndAsync(cancel));
        await script.WaitForExitAsync(cancel);
        Assert.True(script.ExitCode == 0, string.Concat(said));
        Assert.Equal(
            ["dev-ca.crt", "dev-ca.key", "dev-ca.srl", "dev.crt", "dev.key", "make-dev-certs.sh"],
            Directory.GetFiles(Path.Combine(folder, "certs")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        foreach (var key in (string[])["dev-ca.key", "dev.key"])
            Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Path.Combine(folder, "certs", key)) == OwnerOnly, $"{key} can be read by others");
    }

    /// <summary>Asks under a name that the certificate has to be for; the certificate that answered.</summary>
    private async Task<string> ServedAsync(string name, bool trusting = true)
    {
        var seen = "";
        using var trusted = X509CertificateLoader.LoadCertificateFromFile(Authority);
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            // RFC 6761: names under localhost are this machine, whatever the resolver thinks.
            ConnectCallback = async (_, cancelled) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, port, cancelled);
                return new NetworkStream(socket, ownsSocket: true);
            },
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = trusting ? new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { trusted }, RevocationMode = X509RevocationMode.NoCheck } : null,
                RemoteCertificateValidationCallback = (_, certificate, _, faults) =>
                {
                    seen = ((X509Certificate2)certificate!).Thumbprint;
                    return faults == SslPolicyErrors.None;
                },
            },
        };
        using var client = new HttpClient(handler);
        using var answer = await client.GetAsync(new Uri($"https://{name}:{port}/.well-known/openid-configuration"), cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return seen;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
