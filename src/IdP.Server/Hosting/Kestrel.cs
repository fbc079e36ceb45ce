using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Endpoint = Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions;

namespace IdP.Server.Hosting;

/// <summary>Where the server listens, and how much a connection may ask of it.</summary>
internal static class Kestrel
{
    private const long FormLimit = 64 * 1024;
    /// <summary>Twice what an authorization request may have: cookies come beside it.</summary>
    private const int HeaderLimit = 32 * 1024;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(8);
    /// <summary>Well before the deadline: a body that does not come is the caller's fault (408), not our being busy (503).</summary>
    private static readonly TimeSpan BodyPatience = TimeSpan.FromSeconds(5);

    public static void ConfigureIdpKestrel(this IWebHostBuilder web, IdpOptions options)
    {
        web.UseKestrelHttpsConfiguration();
        // A request goes on where its bytes arrived, a thread of the pool: handing it to another one costs more than most requests here do.
        web.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        web.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = FormLimit;
            kestrel.Limits.MaxRequestHeadersTotalSize = HeaderLimit;
            kestrel.Limits.MaxRequestLineSize = HeaderLimit;
            kestrel.Limits.Http2.MaxRequestHeaderFieldSize = HeaderLimit;
            kestrel.Limits.MaxConcurrentConnections = 20_000;
            kestrel.Limits.RequestHeadersTimeout = Deadline;
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: BodyPatience);

            foreach (var url in options.Listen.Urls.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                Listen(kestrel, BindingAddress.Parse(url), options.Tls);
            if (options.Listen.Management.Length > 0)
                Listen(kestrel, BindingAddress.Parse(options.Listen.Management), options.Tls);
        });
    }

    private static void Listen(KestrelServerOptions kestrel, BindingAddress address, TlsOptions tls)
    {
        void Configure(Endpoint listen)
        {
            if (address.Scheme == Uri.UriSchemeHttps)
                UseCertificate(listen, new CertificateFiles(tls.Certificate!, tls.Key!, TimeProvider.System));
        }

        if (address.Host == "localhost")
            kestrel.ListenLocalhost(address.Port, Configure);
        else if (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip))
            kestrel.Listen(ip, address.Port, Configure);
        else
            kestrel.ListenAnyIP(address.Port, Configure);
    }

    private static void UseCertificate(Endpoint listen, CertificateFiles files) => listen.UseHttps(new TlsHandshakeCallbackOptions
    {
        OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = files.Current,
            EnabledSslProtocols = System.Security.Authentication.SslProtocols.Tls12 | System.Security.Authentication.SslProtocols.Tls13,
            ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
        }),
    });
}
