using IdP.Protocol;
using IdP.Protocol.Authorize;
using IdP.Protocol.Clients;
using IdP.Protocol.Discovery;
using IdP.Protocol.EndSession;
using IdP.Protocol.Introspection;
using IdP.Protocol.PushedAuthorization;
using IdP.Protocol.Revocation;
using IdP.Protocol.Token;
using IdP.Protocol.Tokens;
using IdP.Protocol.UserInfo;

namespace IdP.Server.Connect;

/// <summary>The protocol's parts, and the addresses they answer at. All of them are stateless and live as long as the server.</summary>
internal static class ConnectServices
{
    public static IServiceCollection AddIdpConnect(this IServiceCollection services) => services
        .AddSingleton<IClientGuesses, ClientGuesses>()
        .AddSingleton<ClientAuthentication>()
        .AddSingleton<IdTokenReader>()
        .AddSingleton<AccessTokenReader>()
        .AddSingleton<TokenMint>()
        .AddSingleton<AuthorizeReader>()
        .AddSingleton<AuthorizeResponse>()
        .AddSingleton<CodeIssuer>()
        .AddSingleton<EndSessionReader>()
        .AddSingleton<DiscoveryDocument>()
        .AddSingleton<TokenPipeline>()
        .AddSingleton<UserInfoReader>()
        .AddSingleton<Introspector>()
        .AddSingleton<Revoker>()
        .AddSingleton<PushedAuthorizer>()
        .AddSingleton<DiscoveryEndpoints>()
        .AddSingleton<TokenEndpoint>()
        .AddSingleton<UserInfoEndpoint>()
        .AddSingleton<IntrospectionEndpoint>()
        .AddSingleton<RevocationEndpoint>()
        .AddSingleton<PushedAuthorizationEndpoint>();

    public static void MapIdpConnect(this IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider;
        services.GetRequiredService<DiscoveryEndpoints>().Map(endpoints);
        services.GetRequiredService<PushedAuthorizationEndpoint>().Map(endpoints);
        services.GetRequiredService<TokenEndpoint>().Map(endpoints);
        services.GetRequiredService<UserInfoEndpoint>().Map(endpoints);
        services.GetRequiredService<IntrospectionEndpoint>().Map(endpoints);
        services.GetRequiredService<RevocationEndpoint>().Map(endpoints);
    }
}
