using IdP.Protocol.Discovery;
using IdP.Protocol.Revocation;

namespace IdP.Server.Connect;

/// <summary><c>/connect/revocation</c> (RFC 7009): success has nothing to say.</summary>
internal sealed class RevocationEndpoint(Revoker revoker)
{
    public void Map(IEndpointRouteBuilder endpoints) => endpoints.MapProtocol(ProtocolPaths.Revocation, "POST", CorsPolicy.Registered, HandleAsync);

    private async Task HandleAsync(HttpContext context)
    {
        if (await FormBody.ReadAsync(context) is not { } form)
        {
            await ProtocolResults.ErrorAsync(context, FormBody.NotAForm);
            return;
        }
        switch (await revoker.RunAsync(context.Request.Headers.Authorization, form, context.RequestAborted, context.Connection.RemoteIpAddress))
        {
            case RevocationOutcome.Done(var client):
                Cors.AllowFor(context, client);
                ProtocolResults.NeverCached(context);
                context.Response.ContentLength = 0;
                break;
            case RevocationOutcome.Refused(var error, var client):
                Cors.AllowFor(context, client);
                await ProtocolResults.ErrorAsync(context, error);
                break;
        }
    }
}
