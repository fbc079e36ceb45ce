using AngleSharp.Html.Parser;
using IdP.Server.Hosting;
using IdP.Server.Mail;
using Microsoft.Extensions.Time.Testing;

namespace IdP.Server.Tests.Mail;

/// <summary>What mails say, in both languages, and in an operator's own words.</summary>
public sealed class MailWordsTests : IDisposable
{
    private static readonly Circumstances Seen = new("Web & <mail>", "Mozilla/5.0 (Windows NT 10.0) Chrome/143.0.0.0 Safari/537.36", "203.0.113.7", "en");

    private readonly FakeTimeProvider clock = new(new(2027, 3, 4, 5, 6, 7, TimeSpan.Zero));
    private readonly Places places = new(new IdpOptions());
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("idp-templates-");

    public static TheoryData<string, string> Templates =>
        [.. from kind in MailKind.All from language in Languages.All select new TheoryDataRow<string, string>(kind.Name, language.Tag)];

    [Theory, MemberData(nameof(Templates))]
    public void A_template_uses_the_same_places_in_every_language_and_knows_them_all(string kind, string language)
    {
        var (one, english) = (MailKind.All.Single(k => k.Name == kind), Languages.English);
        Assert.Equal(MailTemplates.PlacesIn(MailTexts.Text(one, english)).Order(), MailTemplates.PlacesIn(MailTexts.Text(one, language)).Order());
        Assert.Equal(MailTemplates.PlacesIn(MailTexts.Subject(one, english)).Order(), MailTemplates.PlacesIn(MailTexts.Subject(one, language)).Order());
        Assert.Subset(one.Places.ToHashSet(), MailTemplates.PlacesIn(MailTexts.Text(one, language) + MailTexts.Subject(one, language)).ToHashSet());
        Assert.True(one.Needed is null || MailTemplates.PlacesIn(MailTexts.Text(one, language)).Contains(one.Needed));
    }

    [Fact]
    public void A_code_says_for_what_from_where_and_never_to_forward_it()
    {
        var mail = Make().Code(To("en"), "314159", TimeSpan.FromMinutes(5), Seen);
        Assert.Equal(("Your Mine code", TimeSpan.FromMinutes(5), true), (mail.Subject, mail.Life, mail.Awaited));
        foreach (var said in (string[])["314159", "sign in to Web & <mail>", "within 5 minutes", "Chrome on Windows", "203.0.113.7", "2027-03-04 05:06 UTC", "Never forward", "somebody else knows your password"])
            Assert.Contains(said, mail.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", mail.Text + mail.Html, StringComparison.Ordinal);

        var chinese = Make().Code(To("zh-Hans") with { Zone = TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai") }, "314159", TimeSpan.FromMinutes(5), Seen);
        foreach (var said in (string[])["314159", "登录 Web & <mail>", "5 分钟内有效", "Windows 上的 Chrome", "2027-03-04 13:06 UTC+08:00", "请勿转发"])
            Assert.Contains(said, chinese.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_says_the_same_as_the_text_encoded_and_from_nowhere_else()
    {
        foreach (var (language, _) in Languages.All)
        {
            var mail = Make().Notice(To(language), NoticeKind.FactorBound, "<b>Phone</b>", "alice", Seen, "https://id.example/not-me?token=x&y=1", TimeSpan.FromHours(72));
            var page = new HtmlParser().ParseDocument(mail.Html);
            Assert.Empty(page.QuerySelectorAll("b, img, script, style, link[rel=stylesheet]"));
            Assert.Equal("https://id.example/not-me?token=x&y=1", page.QuerySelector("a")!.GetAttribute("href"));
            Assert.Equal(language, page.DocumentElement.GetAttribute("lang"));
            Assert.DoesNotContain("url(", mail.Html, StringComparison.OrdinalIgnoreCase);
            var words = Squeeze(page.Body!.TextContent);
            foreach (var line in mail.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.Contains("203.0.113.7", StringComparison.Ordinal)))
                Assert.Contains(Squeeze(line.Split(": ")[^1].Split('：')[^1]), words, StringComparison.Ordinal);
            Assert.Contains("203.0.113.7", words, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_is_not_known_is_not_said()
    {
        var mail = Make().Notice(To("en"), NoticeKind.PasswordChanged, null, "alice", Circumstances.Unknown, null, TimeSpan.Zero);
        Assert.Equal("Mine: Your password was changed", mail.Subject);
        Assert.DoesNotContain("App:", mail.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("From:", mail.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("within", mail.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("href", mail.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("\n\n\n", mail.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_event_has_its_own_sentence_in_every_language()
    {
        foreach (var (language, _) in Languages.All)
        {
            var subjects = Enum.GetValues<NoticeKind>().Select(kind => Make().Notice(To(language), kind, "X", "alice", Seen, null, TimeSpan.Zero).Subject).ToList();
            Assert.Equal(subjects.Count, subjects.Distinct().Count());
            Assert.All(subjects, subject => Assert.DoesNotContain("{0}", subject, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_value_cannot_begin_a_header_or_a_line_of_its_own()
    {
        var mail = Make().Notice(To("en"), NoticeKind.NewDevice, "App\r\nBcc: all@elsewhere.example\r\n\r\nBuy this", "alice", Seen with { App = "a\u2028b\nc" }, null, TimeSpan.Zero);
        Assert.DoesNotContain(mail.Subject, char.IsControl);
        Assert.DoesNotContain("\nBcc", mail.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("\nBuy", mail.Text, StringComparison.Ordinal);
        Assert.Contains("App: a b c", mail.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_operators_template_takes_the_place_of_ours()
    {
        Write("code.en.txt", "Subject: Acme: {{Code}}\r\n\r\nHello, {{ Code }} is it.\r\n");
        Write("reset.en.html", "<h1>Acme</h1><a href=\"{{Link}}\">{{Account}}</a>");
        Assert.Empty(MailTemplates.Faults(folder.FullName));
        var mails = Make(folder.FullName);
        var code = mails.Code(To("en"), "161803", TimeSpan.FromMinutes(5), Seen);
        Assert.Equal(("Acme: 161803", "Hello, 161803 is it.\n"), (code.Subject, code.Text));
        Assert.Contains("161803 is it.", code.Html, StringComparison.Ordinal);
        Assert.Contains("验证码", mails.Code(To("zh-Hans"), "161803", TimeSpan.FromMinutes(5), Seen).Subject, StringComparison.Ordinal);
        var reset = mails.Reset(To("en"), "https://id.example/r?a=1&b=2", TimeSpan.FromMinutes(30), "<alice>", Seen);
        Assert.Equal("<h1>Acme</h1><a href=\"https://id.example/r?a=1&amp;b=2\">&lt;alice&gt;</a>", reset.Html);
        Assert.Contains("https://id.example/r?a=1&b=2", reset.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("code.en.txt", "Subject: Hi\n\n{{Code}} {{Secret}}", "{{Secret}}")]
    [InlineData("code.en.txt", "Subject: Hi\n\nno code", "lacks {{Code}}")]
    [InlineData("code.en.txt", "{{Code}}", "must begin with a line 'Subject: ...'")]
    [InlineData("code.en.html", "<p>no code</p>", "lacks {{Code}}")]
    [InlineData("cod.en.txt", "Subject: Hi\n\n{{Code}}", "'cod.en.txt' is no template")]
    [InlineData("code.fr.txt", "Subject: Hi\n\n{{Code}}", "'code.fr.txt' is no template")]
    public void A_template_that_cannot_work_is_a_fault_of_the_settings(string file, string content, string said)
    {
        Write(file, content);
        Assert.Contains(IdpOptionsChecks.Faults(new() { Mail = new() { TemplateDirectory = folder.FullName } }), fault => fault.StartsWith("Mail:TemplateDirectory: ", StringComparison.Ordinal) && fault.Contains(said, StringComparison.Ordinal));
    }

    private void Write(string name, string content) => File.WriteAllText(Path.Combine(folder.FullName, name), content);

    private Mails Make(string? templates = null)
    {
        var options = new IdpOptions { Brand = new() { Name = "Mine" }, Mail = new() { TemplateDirectory = templates } };
        return new Mails(options, new MailTemplates(options), places, clock);
    }

    private static MailTo To(string language) => new("u1", "someone@elsewhere.example", language, TimeZoneInfo.Utc);

    private static string Squeeze(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    public void Dispose()
    {
        places.Dispose();
        folder.Delete(recursive: true);
    }
}
