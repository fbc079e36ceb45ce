using IdP.Protocol;
using IdP.Protocol.Clients;
using Microsoft.Net.Http.Headers;

namespace IdP.Server.Connect;

internal enum CorsPolicy
{
    /// <summary>No script of another origin.</summary>
    Nobody,
    /// <summary>Public documents.</summary>
    Anybody,
    /// <summary>Origins that clients registered, compared exactly.</summary>
    Registered,
}

/// <summary>
/// The Fetch standard's cross-origin checks. A preflight names no client, so it asks whether any client knows the origin; the answer itself is readable
/// only for the origins of the very client it is about. Never with credentials: nothing here looks at cookies.
/// </summary>
internal static class Cors
{
    public static bool IsPreflight(HttpRequest request) =>
        HttpMethods.IsOptions(request.Method)
        && request.Headers.Origin.Count == 1
        && request.Headers.ContainsKey(HeaderNames.AccessControlRequestMethod);

    public static async Task AnswerPreflightAsync(HttpContext context, CorsPolicy policy, string methods)
    {
        var response = context.Response;
        response.StatusCode = StatusCodes.Status204NoContent;
        response.Headers.Vary = HeaderNames.Origin;
        var origin = context.Request.Headers.Origin.ToString();
        if (policy == CorsPolicy.Registered && !await context.RequestServices.GetRequiredService<IClients>().AnyAllowsOriginAsync(origin, context.RequestAborted))
            return;
        response.Headers.AccessControlAllowOrigin = policy == CorsPolicy.Anybody ? "*" : origin;
        response.Headers.AccessControlAllowMethods = methods;
        response.Headers.AccessControlAllowHeaders = "authorization, content-type";
        response.Headers.AccessControlMaxAge = "600";
    }

    public static void AllowAnybody(HttpContext context) => context.Response.Headers.AccessControlAllowOrigin = "*";

    /// <param name="client">Whom the answer is about; null lets nobody read it.</param>
    public static void AllowFor(HttpContext context, Client? client)
    {
        if (context.Request.Headers.Origin is not { Count: 1 } origin)
            return;
        context.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Origin);
        if (client?.AllowedCorsOrigins.Contains(origin.ToString(), StringComparer.Ordinal) is not true)
            return;
        context.Response.Headers.AccessControlAllowOrigin = origin;
        context.Response.Headers.AccessControlExposeHeaders = HeaderNames.WWWAuthenticate;
    }
}
