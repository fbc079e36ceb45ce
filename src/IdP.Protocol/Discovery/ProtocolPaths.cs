namespace IdP.Protocol.Discovery;

/// <summary>Where each endpoint lives below the issuer. Paths follow Duende's, so that people can move.</summary>
public static class ProtocolPaths
{
    public const string OpenIdConfiguration = "/.well-known/openid-configuration";
    public const string AuthorizationServerMetadata = "/.well-known/oauth-authorization-server";
    public const string Jwks = "/.well-known/jwks.json";
    public const string Authorize = "/connect/authorize";
    public const string Token = "/connect/token";
    public const string UserInfo = "/connect/userinfo";
    public const string Introspection = "/connect/introspect";
    public const string Revocation = "/connect/revocation";
    public const string EndSession = "/connect/endsession";
    public const string PushedAuthorization = "/connect/par";
}
