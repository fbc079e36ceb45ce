using Microsoft.Extensions.Logging.Console;

namespace IdP.Server.Hosting;

/// <summary>Logs for people in Development, one JSON object a line in Production. Request bodies, cookies and query strings are never logged.</summary>
internal static class Logs
{
    public static void AddIdpLogging(this WebApplicationBuilder builder, string[] args)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddConfiguration(IdpConfiguration.Gather(args, []).GetSection("Logging"));
        if (builder.Environment.IsDevelopment())
            builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        else
            builder.Logging.AddJsonConsole(console => console.UseUtcTimestamp = true);
        builder.Logging.AddFilter<ConsoleLoggerProvider>("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning);
    }
}
