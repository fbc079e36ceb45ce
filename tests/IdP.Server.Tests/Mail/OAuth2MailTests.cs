using System.Text;
using IdP.Server.Hosting;
using IdP.Server.Mail;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Mail;

/// <summary>RFC 7628 and Google's and Microsoft's XOAUTH2: a token in the place of a password.</summary>
public sealed class OAuth2MailTests : IDisposable
{
    private static readonly OutgoingMail Example = new("0123456789abcdef@idp.example", TimeProvider.System.GetUtcNow(), "someone@elsewhere.example", "en", "Subject", "Text", "<p>Html</p>");

    private readonly TestCertificates certificates = TestCertificates.Make();
    private readonly string tokenFile = Path.GetTempFileName();

    [Theory]
    [InlineData("OAUTHBEARER XOAUTH2 PLAIN", "OAUTHBEARER", "auth=Bearer token-canary")]
    [InlineData("PLAIN XOAUTH2", "XOAUTH2", "user=idp@mail.example\u0001auth=Bearer token-canary\u0001\u0001")]
    public async Task A_token_is_shown_in_the_way_that_the_server_knows(string offered, string mechanism, string said)
    {
        using var server = Server(offered);
        Assert.IsType<Delivery.Sent>(await DeliverAsync(server, mail => mail.OAuth2Token = "token-canary"));
        Assert.Contains(said, Assert.Single(Shown(server, mechanism)), StringComparison.Ordinal);
        AssertNothingInClear(server);
    }

    /// <summary>Such tokens live for an hour: who renews them writes the file anew.</summary>
    [Fact]
    public async Task A_token_file_is_read_for_each_mail()
    {
        using var server = Server("XOAUTH2");
        using var transport = Transport(server, mail => mail.OAuth2TokenFile = tokenFile);
        foreach (var token in (string[])["first-token", "second-token"])
        {
            await File.WriteAllTextAsync(tokenFile, token + "\n", TestContext.Current.CancellationToken);
            Assert.IsType<Delivery.Sent>(await transport.DeliverAsync(Example, default));
            Assert.EndsWith($"auth=Bearer {token}\u0001\u0001", Shown(server, "XOAUTH2")[^1], StringComparison.Ordinal);
        }

        File.Delete(tokenFile);
        Assert.StartsWith("authenticate:", Assert.IsType<Delivery.Later>(await transport.DeliverAsync(Example, default)).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("OAUTHBEARER", "535 5.7.8 the token has expired")]
    [InlineData("XOAUTH2", "535 5.7.8 the token has expired")]
    // RFC 7628 §3.2.3: the reason first, in BASE64; the client says that it has read it.
    [InlineData("OAUTHBEARER", "334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=")]
    [InlineData("XOAUTH2", "334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=")]
    [InlineData("XOAUTH2", "454 4.7.0 temporary trouble")]
    public async Task A_token_that_is_refused_puts_the_mail_off_for_the_operator_to_mend(string mechanism, string refusal)
    {
        using var server = Server(mechanism, said => ScriptedSmtp.Word(said) switch
        {
            "AUTH" => refusal,
            "EHLO" or "STARTTLS" or "QUIT" or "CONNECT" => null,
            _ => refusal.StartsWith("334", StringComparison.Ordinal) ? "535 5.7.8 the token has expired" : null,
        });
        var later = Assert.IsType<Delivery.Later>(await DeliverAsync(server, mail => mail.OAuth2Token = "token-canary"));
        Assert.StartsWith("authenticate:", later.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", later.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Heard, line => line.StartsWith("MAIL", StringComparison.Ordinal));
        AssertNothingInClear(server);
    }

    [Theory]
    [InlineData("EHLO", "250-mail.example\r\n250 AUTH XOAUTH2 OAUTHBEARER")]
    [InlineData("STARTTLS", "454 not now")]
    public async Task A_token_is_never_shown_without_TLS(string word, string answer)
    {
        using var server = Server("XOAUTH2", said => ScriptedSmtp.Word(said) == word ? answer : null);
        Assert.StartsWith("connect:", Assert.IsType<Delivery.Later>(await DeliverAsync(server, mail => mail.OAuth2Token = "token-canary")).Reason, StringComparison.Ordinal);
        AssertNothingInClear(server);
        Assert.DoesNotContain(server.Heard, line => line.StartsWith("AUTH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_cannot_be_trusted_is_not_shown_the_token()
    {
        using var server = Server("XOAUTH2");
        using var transport = Transport(server, mail => (mail.OAuth2Token, mail.Authority) = ("token-canary", null));
        Assert.StartsWith("connect:", Assert.IsType<Delivery.Later>(await transport.DeliverAsync(Example, default)).Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Heard, line => line.StartsWith("AUTH", StringComparison.Ordinal));
    }

    public void Dispose() => File.Delete(tokenFile);

    private ScriptedSmtp Server(string mechanisms, Func<string, string?>? otherwise = null) =>
        new(said => otherwise?.Invoke(said) ?? ScriptedSmtp.Takes(said, "STARTTLS", "AUTH " + mechanisms), certificates);

    private static async Task<Delivery> DeliverAsync(ScriptedSmtp server, Action<MailOptions> set)
    {
        using var transport = Transport(server, set);
        return await transport.DeliverAsync(Example, default);
    }

    private static SmtpTransport Transport(ScriptedSmtp server, Action<MailOptions> set)
    {
        var mail = new MailOptions { Host = "localhost", Port = server.Port, Security = MailSecurity.StartTlsRequired, Authority = server.Authority, From = "no-reply@idp.example", User = "idp@mail.example", Timeout = TimeSpan.FromSeconds(5) };
        set(mail);
        return new SmtpTransport(new() { Issuer = "https://idp.example", Mail = mail });
    }

    /// <summary>What was shown at each AUTH of this mechanism.</summary>
    private static string[] Shown(ScriptedSmtp server, string mechanism) =>
        [.. server.Heard.Where(line => line.StartsWith($"AUTH {mechanism} ", StringComparison.Ordinal)).Select(line => Encoding.UTF8.GetString(Convert.FromBase64String(line.Split(' ')[2])))];

    private static void AssertNothingInClear(ScriptedSmtp server) => Assert.All(server.HeardInClear, line => Assert.Matches("^(EHLO|STARTTLS|QUIT)", line));
}
