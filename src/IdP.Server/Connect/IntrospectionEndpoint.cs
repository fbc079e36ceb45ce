using IdP.Protocol.Discovery;
using IdP.Protocol.Introspection;

namespace IdP.Server.Connect;

/// <summary><c>/connect/introspect</c> (RFC 7662).</summary>
internal sealed class IntrospectionEndpoint(Introspector introspector)
{
    public void Map(IEndpointRouteBuilder endpoints) => endpoints.MapProtocol(ProtocolPaths.Introspection, "POST", CorsPolicy.Nobody, HandleAsync);

    private async Task HandleAsync(HttpContext context)
    {
        if (await FormBody.ReadAsync(context) is not { } form)
        {
            await ProtocolResults.ErrorAsync(context, FormBody.NotAForm);
            return;
        }
        switch (await introspector.RunAsync(context.Request.Headers.Authorization, form, context.RequestAborted, context.Connection.RemoteIpAddress))
        {
            case IntrospectionOutcome.Active active:
                await ProtocolResults.JsonAsync(context, StatusCodes.Status200OK, active, static (json, active) => active.WriteTo(json));
                break;
            case IntrospectionOutcome.Inactive:
                await ProtocolResults.JsonAsync(context, StatusCodes.Status200OK, false, static (json, active) => json.WriteBoolean("active"u8, active));
                break;
            case IntrospectionOutcome.Refused(var error):
                await ProtocolResults.ErrorAsync(context, error);
                break;
        }
    }
}
