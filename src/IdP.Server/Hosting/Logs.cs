using Microsoft.Extensions.Logging.Console;

namespace IdP.Server.Hosting;

/// <summary>Logs for people in Development, one JSON object a line in Production. Request bodies, cookies and query strings are never logged.</summary>
internal static class Logs
{
    /// <summary>ASP.NET Core's own lines with query strings, and (at Trace) with the fields of a posted form. Named in full: no setting outranks them.</summary>
    private static readonly string[] Indiscreet =
    [
        "Microsoft.AspNetCore.Hosting.Diagnostics",
        "Microsoft.AspNetCore.Mvc.RazorPages.Infrastructure.PageActionInvoker",
    ];

    public static void AddIdpLogging(this WebApplicationBuilder builder, string[] args)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddConfiguration(IdpConfiguration.Gather(args, []).GetSection("Logging"));
        if (builder.Environment.IsDevelopment())
            builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        else
            builder.Logging.AddJsonConsole(console => (console.UseUtcTimestamp, console.TimestampFormat) = (true, "O"));
        foreach (var category in Indiscreet)
            builder.Logging.AddFilter<ConsoleLoggerProvider>(category, LogLevel.Warning);
    }
}
