using IdP.Protocol.Discovery;
using IdP.Protocol.PushedAuthorization;
using IdP.Server.Storage;

namespace IdP.Server.Connect;

/// <summary><c>/connect/par</c> (RFC 9126): 201 with a short-lived name for the request.</summary>
internal sealed class PushedAuthorizationEndpoint(PushedAuthorizer authorizer)
{
    public void Map(IEndpointRouteBuilder endpoints) => endpoints.MapProtocol(ProtocolPaths.PushedAuthorization, "POST", CorsPolicy.Nobody, HandleAsync);

    private async Task HandleAsync(HttpContext context)
    {
        if (await FormBody.ReadAsync(context) is not { } form)
        {
            await ProtocolResults.ErrorAsync(context, FormBody.NotAForm);
            return;
        }
        var address = context.Connection.RemoteIpAddress;
        switch (await authorizer.PushAsync(context.Request.Headers.Authorization, form, Holder.NameOf(address), context.RequestAborted, address))
        {
            case PushOutcome.Accepted accepted:
                await ProtocolResults.JsonAsync(context, StatusCodes.Status201Created, accepted, static (json, accepted) =>
                {
                    json.WriteString("request_uri"u8, accepted.RequestUri);
                    json.WriteNumber("expires_in"u8, accepted.ExpiresIn);
                });
                break;
            case PushOutcome.Refused(var error):
                await ProtocolResults.ErrorAsync(context, error);
                break;
        }
    }
}
