using IdP.Server.Hosting;
using IdP.Server.Mail;

namespace IdP.Server.Tests.Mail;

/// <summary>Mail settings that cannot work, or would send in clear, are said before the server starts; no message tells a secret.</summary>
public sealed class MailSettingsTests
{
    [Theory]
    [InlineData("Mail:Host: 'mail.example:587'", "Host", "mail.example:587")]
    [InlineData("Mail:Security: 'None' is for a mail server on this machine; 'mail.example'", "Security", "None")]
    [InlineData("Mail:From: is not set", "From", "")]
    [InlineData("Mail:From: 'IdP <no-reply@idp.example>'", "From", "IdP <no-reply@idp.example>")]
    [InlineData("Mail:FromName: 'A?Bcc: x'", "FromName", "A\nBcc: x")]
    [InlineData("Mail:Port: '0'", "Port", "0")]
    [InlineData("Mail:Timeout: '01:00:00'", "Timeout", "01:00:00")]
    [InlineData("Mail:User: 'idp' needs", "User", "idp")]
    [InlineData("Mail:User: is not set, but Mail:Password is", "Password", "geheim-canary")]
    [InlineData("Mail:OAuth2TokenFile: there is no file '/nowhere/token'", "OAuth2TokenFile", "/nowhere/token", "User", "idp")]
    [InlineData("Mail: Mail:Password and Mail:OAuth2Token are set", "Password", "geheim-canary", "OAuth2Token", "geheim-canary", "User", "idp")]
    [InlineData("Mail:Authority: '/nowhere/ca.pem'", "Authority", "/nowhere/ca.pem")]
    [InlineData("Mail:OwnDomains: 'exa mple.com'", "OwnDomains", "ok.example,exa mple.com")]
    [InlineData("Mail:TemplateDirectory: there is no folder '/nowhere'", "TemplateDirectory", "/nowhere")]
    [InlineData("Mail:Security: 'Perhaps' is not one of ImplicitTls, StartTlsRequired, None", "Security", "Perhaps")]
    public void A_fault_quotes_the_bad_value(string said, params string[] settings)
    {
        Dictionary<string, string> all = new() { ["Host"] = "mail.example", ["From"] = "no-reply@idp.example" };
        foreach (var pair in settings.Chunk(2))
            all[pair[0]] = pair[1];
        var (_, faults) = IdpConfiguration.Read(["--Issuer", "https://id.example", .. all.Select(pair => $"--Mail:{pair.Key}={pair.Value}")]);
        Assert.Contains(faults, fault => fault.StartsWith(said, StringComparison.Ordinal));
        Assert.DoesNotContain("geheim-canary", string.Concat(faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void A_mail_server_on_this_machine_may_be_spoken_to_in_clear(string host) =>
        Assert.Empty(MailChecks.Faults(new() { Host = host, From = "no-reply@idp.example", Security = MailSecurity.None }).OfType<string>());

    [Fact]
    public void Without_a_host_there_is_no_mail_but_in_the_demo()
    {
        Assert.IsType<DemoMailbox>(MailServices.Transport(new(), development: true));
        Assert.IsType<NoTransport>(MailServices.Transport(new() { Demo = new() { Enabled = false } }, development: true));
        Assert.IsType<NoTransport>(MailServices.Transport(new(), development: false));
        using var smtp = Assert.IsType<SmtpTransport>(MailServices.Transport(new() { Mail = new() { Host = "mail.example", Security = MailSecurity.ImplicitTls } }, development: true));
        Assert.Equal("to mail.example:465 (ImplicitTls)", smtp.Name);
    }
}
