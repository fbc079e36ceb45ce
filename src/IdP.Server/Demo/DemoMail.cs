using IdP.Server.Hosting;
using IdP.Server.Storage;

namespace IdP.Server.Demo;

/// <summary>Every mail in the outbox, newest first.</summary>
internal static class DemoMail
{
    public static void Map(IEndpointRouteBuilder demo) => demo.MapGet("/mail", async (HttpContext http, Database database, PageRenderer renderer, CancellationToken cancel) =>
    {
        var mails = await database.ListAsync("select recipient, kind, '', created_at from outbox order by id desc limit 200",
            row => new DemoMailItem(row.GetString(0), row.GetString(1), row.GetString(2), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(3))), cancel);
        await renderer.RenderAsync(http, "/Demo/Mail.cshtml", mails, StatusCodes.Status200OK);
    });
}

internal sealed record DemoMailItem(string Recipient, string Subject, string Text, DateTimeOffset At);
