using IdP.Protocol.Tokens;

namespace IdP.Server.Demo;

/// <summary>A resource server with something to protect: it wants <c>acr=mfa</c> and says so in the words of RFC 9470 §3 (J-13).</summary>
internal static class DemoApi
{
    public static void Map(IEndpointRouteBuilder demo) => demo.MapGet("/api", AnswerAsync);

    private static async Task<IResult> AnswerAsync(HttpContext http, DemoIssuer issuer, CancellationToken cancel)
    {
        var authorization = http.Request.Headers.Authorization.ToString();
        if (!authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            return Refuse(http, "Bearer");

        var token = await issuer.ValidateAsync(authorization["Bearer ".Length..].Trim(), DemoIdentity.Audience, "at+jwt", cancel);
        if (token is null)
            return Refuse(http, "Bearer error=\"invalid_token\"");

        var level = token.TryGetPayloadValue<string>("acr", out var acr) ? acr : AcrLevels.Password;
        return AcrLevels.Reaches(level, AcrLevels.Mfa)
            ? Results.Json(new { account = token.Subject, acr = level, balance = "1,234.56" })
            : Refuse(http, $"Bearer error=\"insufficient_user_authentication\", error_description=\"Money needs a second factor\", acr_values=\"{AcrLevels.Mfa}\"");
    }

    private static IResult Refuse(HttpContext http, string challenge)
    {
        http.Response.Headers.WWWAuthenticate = challenge;
        return Results.Json(new { error = "unauthorized" }, statusCode: StatusCodes.Status401Unauthorized);
    }
}
