using System.Text;
using System.Text.Json;
using IdP.Protocol;
using IdP.Protocol.Discovery;
using IdP.Protocol.Tokens;
using IdP.Protocol.UserInfo;

namespace IdP.Server.Connect;

/// <summary><c>/connect/userinfo</c> (OIDC Core §5.3): the token in the Authorization header, or in a posted form (RFC 6750 §2); never in the query.</summary>
internal sealed class UserInfoEndpoint(UserInfoReader reader)
{
    private const string Scheme = "Bearer ";

    public void Map(IEndpointRouteBuilder endpoints) => endpoints.MapProtocol(ProtocolPaths.UserInfo, "GET, POST", CorsPolicy.Registered, HandleAsync);

    private async Task HandleAsync(HttpContext context)
    {
        var header = FromHeader(context.Request.Headers.Authorization.ToString());
        var form = HttpMethods.IsPost(context.Request.Method) ? await FormBody.ReadAsync(context) : null;
        if (form?.Repeated is not null || (header is not null && form?["access_token"] is not null))
        {
            await ProtocolResults.BearerErrorAsync(context, ProtocolError.InvalidRequest("More than one access token was sent."));
            return;
        }
        if ((header ?? form?["access_token"]) is not { } token)
        {
            await ProtocolResults.BearerErrorAsync(context, null);
            return;
        }
        switch (await reader.ReadAsync(token, context.RequestAborted))
        {
            case UserInfoOutcome.Claims(var claims, var client):
                Cors.AllowFor(context, client);
                await ProtocolResults.JsonAsync(context, StatusCodes.Status200OK, claims, Write);
                break;
            case UserInfoOutcome.Signed(var jwt, var client):
                Cors.AllowFor(context, client);
                ProtocolResults.NeverCached(context);
                await ProtocolResults.SendAsync(context, StatusCodes.Status200OK, "application/jwt", Encoding.ASCII.GetBytes(jwt));
                break;
            case UserInfoOutcome.Refused(var error, var client):
                Cors.AllowFor(context, client);
                await ProtocolResults.BearerErrorAsync(context, error);
                break;
        }
    }

    private static string? FromHeader(string authorization) =>
        authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && authorization.AsSpan(Scheme.Length).Trim() is { Length: > 0 } token
            ? token.ToString()
            : null;

    private static void Write(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, object>> claims)
    {
        for (var i = 0; i < claims.Count; i++)
            ClaimWriter.Write(json, claims[i].Key, claims[i].Value);
    }
}
