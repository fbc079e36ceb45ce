using System.Text.Json;
using IdP.Protocol.Discovery;
using IdP.Protocol.Token;

namespace IdP.Server.Connect;

/// <summary><c>/connect/token</c> (RFC 6749 §3.2).</summary>
internal sealed partial class TokenEndpoint(TokenPipeline pipeline, ILogger<TokenEndpoint> log)
{
    public void Map(IEndpointRouteBuilder endpoints) => endpoints.MapProtocol(ProtocolPaths.Token, "POST", CorsPolicy.Registered, HandleAsync);

    private async Task HandleAsync(HttpContext context)
    {
        if (await FormBody.ReadAsync(context) is not { } form)
        {
            await ProtocolResults.ErrorAsync(context, FormBody.NotAForm);
            return;
        }
        switch (await pipeline.RunAsync(context.Request.Headers.Authorization, form, context.RequestAborted, context.Connection.RemoteIpAddress))
        {
            case TokenOutcome.Issued(var response, var client):
                Cors.AllowFor(context, client);
                await ProtocolResults.JsonAsync(context, StatusCodes.Status200OK, response, Write);
                break;
            case TokenOutcome.Refused(var error, var client):
                LogRefused(client?.ClientId, error.Code, error.Description);
                Cors.AllowFor(context, client);
                await ProtocolResults.ErrorAsync(context, error);
                break;
        }
    }

    private static void Write(Utf8JsonWriter json, TokenResponse response)
    {
        json.WriteString("access_token"u8, response.AccessToken);
        json.WriteString("token_type"u8, "Bearer"u8);
        json.WriteNumber("expires_in"u8, response.ExpiresIn);
        if (response.RefreshToken is { } refresh)
            json.WriteString("refresh_token"u8, refresh);
        if (response.IdToken is { } identity)
            json.WriteString("id_token"u8, identity);
        if (response.Scopes.Count > 0)
            json.WriteString("scope"u8, response.Scopes is [var only] ? only : string.Join(' ', response.Scopes));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Token request of client {ClientId} refused: {Error} ({Reason})")]
    private partial void LogRefused(string? clientId, string error, string reason);
}
