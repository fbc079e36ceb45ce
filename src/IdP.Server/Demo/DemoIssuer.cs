using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using IdP.Server.Hosting;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IdP.Server.Demo;

/// <summary>What the demo app knows of the server: its metadata and its keys, asked for over HTTP like any other app.</summary>
internal sealed class DemoIssuer(IdpOptions options, TimeProvider clock) : IDisposable
{
    private static readonly string[] Algorithms = ["ES256", "RS256"];
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ConnectCallback = ConnectAsync })
    {
        Timeout = TimeSpan.FromSeconds(5),
    };

    public string Issuer => options.Issuer;

    public HttpClient Http => http;

    public async Task<JsonElement> MetadataAsync(CancellationToken cancel)
    {
        var metadata = await JsonAsync(options.Issuer + "/.well-known/openid-configuration", cancel);
        // OIDC Discovery §4.3: metadata of another issuer is nobody's metadata.
        return metadata.GetProperty("issuer").GetString() == options.Issuer
            ? metadata
            : throw new InvalidOperationException("The metadata names another issuer.");
    }

    /// <summary>OIDC Core §3.1.3.7, RFC 9068 §4. Null when the token is not good.</summary>
    public async Task<JsonWebToken?> ValidateAsync(string token, string audience, string type, CancellationToken cancel)
    {
        var metadata = await MetadataAsync(cancel);
        var keys = new JsonWebKeySet((await JsonAsync(metadata.GetProperty("jwks_uri").GetString()!, cancel)).GetRawText());
        var result = await new JsonWebTokenHandler().ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = options.Issuer,
            ValidAudience = audience,
            ValidAlgorithms = Algorithms,
            ValidTypes = [type],
            IssuerSigningKeys = keys.GetSigningKeys(),
            LifetimeValidator = (_, expires, _, _) => expires > clock.GetUtcNow().UtcDateTime,
        });
        return result.IsValid ? (JsonWebToken)result.SecurityToken : null;
    }

    public void Dispose() => http.Dispose();

    /// <summary>RFC 6761 §6.3: names under localhost are this machine. Browsers know that; many resolvers do not.</summary>
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new DnsEndPoint(host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase) ? "localhost" : host, port), cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<JsonElement> JsonAsync(string address, CancellationToken cancel)
    {
        await using var stream = await http.GetStreamAsync(new Uri(address), cancel);
        using var document = await JsonDocument.ParseAsync(stream, cancellationToken: cancel);
        return document.RootElement.Clone();
    }
}
