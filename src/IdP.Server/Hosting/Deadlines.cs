using Microsoft.AspNetCore.Http.Timeouts;

namespace IdP.Server.Hosting;

/// <summary>Every request ends inside its deadline (I-12): eight seconds, then 503.</summary>
internal static class Deadlines
{
    public static void Configure(RequestTimeoutOptions timeouts) => timeouts.DefaultPolicy = new RequestTimeoutPolicy
    {
        Timeout = TimeSpan.FromSeconds(8),
        TimeoutStatusCode = StatusCodes.Status503ServiceUnavailable,
    };
}
