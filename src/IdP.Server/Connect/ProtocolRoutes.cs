using IdP.Protocol;
using IdP.Server.Storage;

namespace IdP.Server.Connect;

/// <summary>Maps endpoints for programs: other methods, oversized bodies and outages get their answer here, once for all of them.</summary>
internal static class ProtocolRoutes
{
    /// <param name="methods">As the Allow header lists them.</param>
    public static void MapProtocol(this IEndpointRouteBuilder endpoints, string path, string methods, CorsPolicy cors, RequestDelegate handler) =>
        endpoints.Map(path, Guarded(methods.Split(", "), methods, cors, handler));

    private static RequestDelegate Guarded(string[] methods, string allow, CorsPolicy cors, RequestDelegate handler) => async context =>
    {
        try
        {
            if (cors != CorsPolicy.Nobody && Cors.IsPreflight(context.Request))
                await Cors.AnswerPreflightAsync(context, cors, allow);
            else if (!methods.Contains(context.Request.Method, StringComparer.OrdinalIgnoreCase))
                await ProtocolResults.MethodNotAllowedAsync(context, allow);
            else
                await handler(context);
        }
        catch (Exception fault) when (!context.Response.HasStarted && ErrorFor(fault) is { } error)
        {
            await ProtocolResults.ErrorAsync(context, error);
        }
    };

    private static ProtocolError? ErrorFor(Exception fault) => fault switch
    {
        StoreUnavailableException or StaleKnowledgeException => ProtocolError.TemporarilyUnavailable(),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
            new ProtocolError("invalid_request", "The body is larger than 64 KB.", StatusCodes.Status413PayloadTooLarge),
        BadHttpRequestException => ProtocolError.InvalidRequest("The request could not be read."),
        _ => null,
    };
}
