using System.Diagnostics;
using IdP.Server.Hosting;
using IdP.Server.Mail;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Mail;

/// <summary>Mail servers that are away, slow, in a bad mood, or not who they should be.</summary>
public sealed class BadMailServerTests
{
    private static readonly OutgoingMail Example = new("0123456789abcdef@idp.example", TimeProvider.System.GetUtcNow(), "someone@elsewhere.example", "en", "Subject-canary", "Text-canary", "<p>Html-canary</p>");

    [Theory]
    [InlineData("MAIL", "451 later", false)]
    [InlineData("RCPT", "450 greylisted", false)]
    [InlineData("DATA", "452 full", false)]
    [InlineData(".", "421 closing", false)]
    [InlineData("CONNECT", "421 too busy", false)]
    [InlineData("CONNECT", "554 go away", false)]
    [InlineData("EHLO", "nonsense", false)]
    [InlineData("MAIL", "550 not from you", true)]
    [InlineData("RCPT", "550 nobody", true)]
    [InlineData(".", "554 spam", true)]
    public async Task A_four_is_for_later_and_a_five_is_for_good(string at, string says, bool forGood)
    {
        using var server = ScriptedSmtp.Taking(said => ScriptedSmtp.Word(said) == at ? says : null);
        var delivery = await DeliverAsync(server.Port, MailSecurity.None);
        Assert.IsType(forGood ? typeof(Delivery.Refused) : typeof(Delivery.Later), delivery);
    }

    [Fact]
    public async Task A_mail_that_was_taken_is_sent_whatever_happens_to_the_farewell()
    {
        using var server = new ScriptedSmtp(said => ScriptedSmtp.Word(said) switch { "CONNECT" => "220 hi", "EHLO" => "250 hi", "DATA" => "354 go", "QUIT" => null, _ => "250 ok" });
        Assert.IsType<Delivery.Sent>(await DeliverAsync(server.Port, MailSecurity.None));
        Assert.Contains("Text-canary", server.Heard);
    }

    [Fact]
    public async Task A_server_that_is_away_or_says_nothing_or_never_comes_to_an_end_is_given_up_in_time()
    {
        Assert.IsType<Delivery.Later>(await DeliverAsync(TestIdp.FreePort(), MailSecurity.None));
        foreach (var stuckAt in (string[])["CONNECT", "EHLO", "MAIL", "."])
        {
            foreach (var stuck in (string[])["", ScriptedSmtp.Dripping])
            {
                using var server = ScriptedSmtp.Taking(said => ScriptedSmtp.Word(said) == stuckAt ? stuck : null);
                var watch = Stopwatch.StartNew();
                Assert.IsType<Delivery.Later>(await DeliverAsync(server.Port, MailSecurity.None));
                Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(5));
            }
        }
    }

    [Theory, InlineData("220 mail.example ESMTP"), InlineData(""), InlineData(ScriptedSmtp.Dripping), InlineData(null)]
    public async Task Where_TLS_is_due_from_the_first_byte_a_server_that_speaks_plainly_hears_nothing_it_could_read(string? greeting)
    {
        using var server = ScriptedSmtp.Taking(said => ScriptedSmtp.Word(said) == "CONNECT" ? greeting : null);
        Assert.IsType<Delivery.Later>(await DeliverAsync(server.Port, MailSecurity.ImplicitTls));
        // Bytes of a handshake, at most: they name no more than the server they are for.
        var heard = string.Join('\n', server.Heard);
        foreach (var word in (string[])["EHLO", "canary", "elsewhere", "no-reply", "MAIL", "AUTH", "aWRw", "STARTTLS"])
            Assert.DoesNotContain(word, heard, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("250 mail.example")]
    [InlineData("250-mail.example\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME")]
    [InlineData("250-mail.example\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS", "454 not now")]
    [InlineData("250-mail.example\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS", "220 go on\r\n250 injected")]
    [InlineData("250-mail.example\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS", null)]
    public async Task Where_TLS_is_required_nothing_is_said_in_clear(string ehlo, string? startTls = null)
    {
        using var server = new ScriptedSmtp(said => ScriptedSmtp.Word(said) switch
        {
            "CONNECT" => "220 mail.example",
            "EHLO" or "HELO" => ehlo,
            "STARTTLS" => startTls,
            "AUTH" => "235 welcome",
            "DATA" => "354 go",
            "QUIT" => "221 bye",
            _ => "250 ok",
        });
        var delivery = await DeliverAsync(server.Port, MailSecurity.StartTlsRequired);
        Assert.IsType<Delivery.Later>(delivery);
        var heard = string.Join('\n', server.Heard);
        // A TLS handshake that the other side cannot answer is bytes, and not ours to read.
        Assert.All(server.Heard.TakeWhile(line => !line.StartsWith("STARTTLS", StringComparison.Ordinal)), line => Assert.Matches("^(EHLO|HELO|QUIT)", line));
        foreach (var secret in (string[])["canary", "elsewhere", "no-reply", "MAIL", "AUTH", "aWRw"])
            Assert.DoesNotContain(secret, heard, StringComparison.Ordinal);
    }

    private static async Task<Delivery> DeliverAsync(int port, MailSecurity security)
    {
        using var transport = new SmtpTransport(new()
        {
            Issuer = "https://idp.example",
            Mail = new()
            {
                Host = "127.0.0.1",
                Port = port,
                Security = security,
                From = "no-reply@idp.example",
                User = security == MailSecurity.None ? null : "idp",
                Password = security == MailSecurity.None ? null : "password-canary",
                Timeout = TimeSpan.FromSeconds(1),
            },
        });
        return await transport.DeliverAsync(Example, default);
    }
}
