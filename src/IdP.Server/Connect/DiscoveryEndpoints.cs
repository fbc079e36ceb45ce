using IdP.Protocol;
using IdP.Protocol.Discovery;

namespace IdP.Server.Connect;

/// <summary><c>/.well-known/*</c> (OIDC Discovery §4, RFC 8414 §3, RFC 7517 §5): public documents from memory.</summary>
internal sealed class DiscoveryEndpoints(DiscoveryDocument document, ISigningKeys keys)
{
    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapProtocol(ProtocolPaths.OpenIdConfiguration, "GET, HEAD", CorsPolicy.Anybody, MetadataAsync);
        endpoints.MapProtocol(ProtocolPaths.AuthorizationServerMetadata, "GET, HEAD", CorsPolicy.Anybody, MetadataAsync);
        endpoints.MapProtocol(ProtocolPaths.Jwks, "GET, HEAD", CorsPolicy.Anybody, JwksAsync);
    }

    private async Task MetadataAsync(HttpContext context)
    {
        var json = await document.GetAsync(context.RequestAborted);
        Cors.AllowAnybody(context);
        await ProtocolResults.DocumentAsync(context, "application/json", json);
    }

    private Task JwksAsync(HttpContext context)
    {
        Cors.AllowAnybody(context);
        return ProtocolResults.DocumentAsync(context, "application/json", keys.Current.JwksJson);
    }
}
