using System.Text.RegularExpressions;
using IdP.Server.Hosting;
using IdP.Server.Mail;

namespace IdP.Server.Demo;

/// <summary>Every mail in the outbox, newest first. As text: the pages' CSP keeps a mail's inline styles out, and nothing is said in HTML alone.</summary>
internal static partial class DemoMail
{
    private const int Most = 200;

    public static void Map(IEndpointRouteBuilder demo) => demo.MapGet("/mail", async (HttpContext http, Outbox outbox, IdpOptions options, PageRenderer renderer, CancellationToken cancel) =>
    {
        var mails = (await outbox.NewestAsync(Most, cancel)).ConvertAll(mail => new DemoMailItem(
            mail.Recipient, mail.Words?.Subject ?? DemoTexts.MailDropped, mail.Words is { } words ? Parts(words.Text, options.Issuer) : [], mail.CreatedAt));
        await renderer.RenderAsync(http, "/Demo/Mail.cshtml", mails, StatusCodes.Status200OK);
    });

    /// <summary>Words and links in turn; only our own addresses become links.</summary>
    internal static List<DemoMailPart> Parts(string text, string issuer)
    {
        List<DemoMailPart> parts = [];
        var done = 0;
        foreach (Match link in Link().Matches(text).Where(match => match.Value == issuer || match.Value.StartsWith(issuer + "/", StringComparison.Ordinal)))
        {
            parts.Add(new(text[done..link.Index], false));
            parts.Add(new(link.Value, true));
            done = link.Index + link.Length;
        }

        parts.Add(new(text[done..], false));
        return parts;
    }

    [GeneratedRegex(@"https?://[^\s<>""]+")]
    private static partial Regex Link();
}

internal sealed record DemoMailItem(string Recipient, string Subject, IReadOnlyList<DemoMailPart> Parts, DateTimeOffset At);

internal sealed record DemoMailPart(string Text, bool IsLink);
