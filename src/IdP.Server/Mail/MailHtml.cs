using System.Text;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using IdP.Server.Hosting;

namespace IdP.Server.Mail;

/// <summary>
/// The page of a mail, made from its text: a code alone on its line becomes large, a link alone on its line a button, "Label: {{Name}}" a row. Inline styles, nothing
/// remote, no colours but the brand's, so that it reads well in light and dark; every value is encoded.
/// </summary>
internal static partial class MailHtml
{
    private const string Font = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'PingFang SC','Microsoft YaHei',sans-serif;font-size:16px;line-height:1.6";
    private const string Soft = "opacity:.75";

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    public static string Encode(string text) => Encoder.Encode(text);

    public static string Page(string template, Func<string, string> value, string button, string language, BrandOptions brand)
    {
        var body = new StringBuilder();
        foreach (var lines in MailText.Blocks(template, value))
            body.AppendLine(Block(lines, value, button, brand));
        return $"""
            <!DOCTYPE html>
            <html lang="{language}">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <meta name="color-scheme" content="light dark">
            <meta name="supported-color-schemes" content="light dark">
            <title>{Encode(brand.Name)}</title>
            </head>
            <body style="margin:0;padding:24px 16px;{Font}">
            <div style="max-width:560px;margin:0 auto">
            <p style="margin:0 0 24px;font-weight:700;font-size:18px">{Encode(brand.Name)}</p>
            {body}</div>
            </body>
            </html>
            """;
    }

    private static string Block(string[] lines, Func<string, string> value, string button, BrandOptions brand)
    {
        if (lines is [var only] && Alone().Match(only) is { Success: true } alone)
        {
            switch (alone.Groups[1].Value)
            {
                case "Code":
                    return $"""<p style="margin:24px 0;padding:16px;border:1px solid;border-radius:12px;text-align:center;font-size:32px;font-weight:700;letter-spacing:.25em">{Encode(value("Code"))}</p>""";
                case "Link":
                    return Button(value("Link"), button, brand);
            }
        }

        if (lines.All(line => Fact().IsMatch(line)))
            return $"""<table role="presentation" style="margin:24px 0;border-collapse:collapse;font-size:15px">{string.Concat(lines.Select(line => Row(Fact().Match(line), value)))}</table>""";
        return $"""<p style="margin:0 0 16px">{string.Join("<br>", lines.Select(line => Words(line, value)))}</p>""";
    }

    private static string Button(string link, string words, BrandOptions brand)
    {
        var accent = Colour.Parse(brand.Accent is { Length: > 0 } own ? own : Brand.DefaultAccent) ?? Colour.Parse(Brand.DefaultAccent)!.Value;
        var (safe, label) = (Encode(link), Encode(words.Length > 0 ? words : link));
        return $"""
            <p style="margin:24px 0"><a href="{safe}" style="display:inline-block;padding:12px 24px;border-radius:10px;background:{accent};color:{accent.TextUpon()};text-decoration:none;font-weight:600">{label}</a></p>
            <p style="margin:0 0 16px;font-size:13px;word-break:break-all;{Soft}">{safe}</p>
            """;
    }

    private static string Row(Match fact, Func<string, string> value) =>
        $"""<tr><td style="padding:4px 16px 4px 0;{Soft}">{Encode(fact.Groups[1].Value)}</td><td style="padding:4px 0">{Words(fact.Groups[2].Value, value)}</td></tr>""";

    // The template's own words are encoded like the values in them: an operator writes text here, and HTML in a file of its own.
    private static string Words(string line, Func<string, string> value) => Encode(MailTemplates.Fill(line, value));

    [GeneratedRegex(@"^\{\{\s*(\w+)\s*\}\}$")]
    private static partial Regex Alone();

    [GeneratedRegex(@"^([^{}:：]+)[:：]\s*(\{\{\s*\w+\s*\}\})$")]
    private static partial Regex Fact();
}
