using IdP.Server.Hosting;
using IdP.Server.Mail;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Mail;

/// <summary>Against a real mail server, read back by a real mail client.</summary>
public sealed class RealMailTests
{
    private static readonly OutgoingMail Example = new("0123456789abcdef@idp.example", TimeProvider.System.GetUtcNow(), "", "en", "Ihr Code – 您的验证码", "Text 验证码 123456\n", "<p>验证码 <b>123456</b></p>");

    [Theory]
    [InlineData("StartTlsRequired")]
    [InlineData("ImplicitTls")]
    [InlineData("None")]
    public async Task A_mail_arrives_whole(string wanted)
    {
        var security = Enum.Parse<MailSecurity>(wanted);
        var server = await MailServers.GetAsync();
        using var transport = new SmtpTransport(Options(server, security));
        var address = $"whole.{security}@elsewhere.example";
        Assert.IsType<Delivery.Sent>(await transport.DeliverAsync(Example with { Recipient = address }, default));

        var mail = await server.ReceiveAsync(address);
        Assert.Equal((Example.Subject, Example.MessageId), (mail.Subject, mail.MessageId));
        Assert.Equal(Example.Text, mail.TextBody!.ReplaceLineEndings("\n"));
        Assert.Equal(Example.Html, mail.HtmlBody!.TrimEnd());
        Assert.Equal("\"The \\\"Brand\\\", 品牌\" <no-reply@idp.example>", mail.From[0].ToString());
        Assert.Equal(("auto-generated", "en"), (mail.Headers["Auto-Submitted"], mail.Body!.Headers["Content-Language"]));
        Assert.Equal(security != MailSecurity.None, mail.Headers["Received"]!.Contains("ESMTPS", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_mailbox_that_is_not_there_is_refused()
    {
        var server = await MailServers.GetAsync();
        using var transport = new SmtpTransport(Options(server, MailSecurity.StartTlsRequired));
        Assert.Contains("550", Assert.IsType<Delivery.Refused>(await transport.DeliverAsync(Example with { Recipient = "nobody@elsewhere.example" }, default)).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("password", "authenticate:")]
    [InlineData("authority", "connect:")]
    [InlineData("name", "connect:")]
    [InlineData("no TLS there", "connect:")]
    public async Task Whoever_cannot_be_trusted_gets_no_mail_and_an_operator_can_mend_it(string fault, string reason)
    {
        var server = await MailServers.GetAsync();
        var options = Options(server, MailSecurity.StartTlsRequired);
        switch (fault)
        {
            case "password": options.Mail.Password = "wrong"; break;
            case "authority": options.Mail.Authority = null; break;
            case "name": options.Mail.Host = "127.0.0.1"; break;
            default: options.Mail.Port = server.Plain; break;
        }

        using var transport = new SmtpTransport(options);
        var later = Assert.IsType<Delivery.Later>(await transport.DeliverAsync(Example with { Recipient = "untrusting@elsewhere.example" }, default));
        Assert.StartsWith(reason, later.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", later.Reason, StringComparison.Ordinal);
        Assert.Empty(await server.InboxAsync("untrusting@elsewhere.example"));
    }

    [Theory]
    [InlineData(StorePair.SqliteAndMemory)]
    [InlineData(StorePair.PostgresAndRedis)]
    public async Task Somebody_signs_in_with_a_password_and_a_code_from_their_mailbox(StorePair pair)
    {
        var server = await MailServers.GetAsync();
        await using var idp = await TestIdp.StartAsync(pair, new TestIdpOptions { Seed = new Seed(otpPeople: 0), Settings = server.Settings });
        var person = await FactorPerson.AddAsync(idp, "email");
        using var browser = idp.Browser();
        var app = idp.App(TestClient.Web);
        var ask = app.Ask();
        var at = await browser.SubmitAsync(await browser.OpenAsync(ask.Url), new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        Assert.Null(at.Page!.QuerySelector("[data-problem], [data-notice]"));
        var mail = await server.ReceiveAsync(person.Mailbox);
        var code = mail.TextBody!.Split('\n').Select(line => line.Trim()).First(line => line.Length == 6 && line.All(char.IsAsciiDigit));
        Assert.Contains(code, mail.HtmlBody, StringComparison.Ordinal);
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = code }, "/verify");
        var id = await idp.ReadAsync((await app.RedeemAsync(at.MustAnswer(), ask)).MustSucceed().IdToken, TestClient.Web.Id);
        Assert.Equal("pwd otp mca mfa", string.Join(' ', id.Amr));
    }

    private static IdpOptions Options(MailServer server, MailSecurity security) => new()
    {
        Issuer = "https://idp.example",
        Brand = new() { Name = "The \"Brand\", 品牌" },
        Mail = new()
        {
            Host = "localhost",
            Port = security switch { MailSecurity.ImplicitTls => server.ImplicitTls, MailSecurity.None => server.Plain, _ => server.Submission },
            Security = security,
            Authority = server.Authority,
            User = security == MailSecurity.None ? null : server.User,
            Password = security == MailSecurity.None ? null : server.Password,
            From = "no-reply@idp.example",
        },
    };
}
