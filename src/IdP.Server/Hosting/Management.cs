using IdP.Server.Storage;

namespace IdP.Server.Hosting;

/// <summary>The operator's own listener: health, nothing else. Told apart by the local port, which no header can forge.</summary>
internal static class Management
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static void UseManagement(this WebApplication app, IdpOptions options)
    {
        if (options.Listen.Management.Length == 0)
            return;
        var port = BindingAddress.Parse(options.Listen.Management).Port;
        app.MapWhen(context => context.Connection.LocalPort == port, branch => branch.Run(AnswerAsync));
    }

    private static Task AnswerAsync(HttpContext context) => context.Request.Path.Value switch
    {
        "/health/live" => WriteAsync(context, StatusCodes.Status200OK, """{"status":"live"}"""),
        "/health/ready" => ReadyAsync(context),
        _ => WriteAsync(context, StatusCodes.Status404NotFound, """{"status":"not found"}"""),
    };

    /// <summary>For a node that waits for its stores before it starts.</summary>
    public static Task AnswerWaitingAsync(HttpContext context, string store) => context.Request.Path.Value switch
    {
        "/health/live" => WriteAsync(context, StatusCodes.Status200OK, """{"status":"live"}"""),
        "/health/ready" => WriteAsync(context, StatusCodes.Status503ServiceUnavailable, $$"""{"status":"not ready","waitingFor":"{{store}}"}"""),
        _ => WriteAsync(context, StatusCodes.Status404NotFound, """{"status":"not found"}"""),
    };

    private static async Task ReadyAsync(HttpContext context)
    {
        var services = context.RequestServices;
        var database = Works(cancel => services.GetRequiredService<Database>().FirstAsync("select 1", row => row.GetInt32(0), cancel));
        var ephemeral = Works(async cancel => await services.GetRequiredService<IEphemeralStore>().GetAsync("health", cancel));
        var (databaseWorks, ephemeralWorks) = (await database, await ephemeral);
        var ready = databaseWorks && ephemeralWorks;
        await WriteAsync(context, ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
            $$"""{"status":"{{(ready ? "ready" : "not ready")}}","database":{{Json(databaseWorks)}},"ephemeral":{{Json(ephemeralWorks)}}}""");
    }

    private static async Task<bool> Works(Func<CancellationToken, Task> check)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await check(patience.Token).WaitAsync(patience.Token);
            return true;
        }
        catch (Exception fault) when (fault is StoreUnavailableException or OperationCanceledException or System.Data.Common.DbException)
        {
            return false;
        }
    }

    private static string Json(bool value) => value ? "true" : "false";

    private static Task WriteAsync(HttpContext context, int status, string json)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(json, context.RequestAborted);
    }
}
