using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using IdP.Server.Hosting;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using MimeKit.Text;

namespace IdP.Server.Mail;

/// <summary>
/// One SMTP conversation a mail (RFC 5321, RFC 8314, RFC 3207). Certificates are verified. Where TLS is required nothing but EHLO and STARTTLS is ever said in
/// clear: a server that does not offer it, or an attacker who takes the offer away, gets neither a name, an address nor a word.
/// </summary>
internal sealed class SmtpTransport(IdpOptions options) : IMailTransport, IDisposable
{
    private const int MostAtOnce = 8;
    private const int LongestReason = 300;

    private readonly MailOptions mail = options.Mail;
    private readonly SemaphoreSlim room = new(MostAtOnce);
    private readonly X509Certificate2Collection? authorities = Authorities(options.Mail.Authority);

    public bool Available => true;

    public string Name => string.Create(CultureInfo.InvariantCulture, $"to {mail.Host}:{Port(mail)} ({mail.Security})");

    public static int Port(MailOptions mail) => mail.Port ?? mail.Security switch
    {
        MailSecurity.ImplicitTls => 465,
        MailSecurity.StartTlsRequired => 587,
        _ => 25,
    };

    public async Task<Delivery> DeliverAsync(OutgoingMail mail, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(this.mail.Timeout);
        try
        {
            await room.WaitAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new Delivery.Later("timeout: too many mails at once");
        }

        try
        {
            return await DeliverInTimeAsync(mail, deadline.Token, cancel);
        }
        finally
        {
            room.Release();
        }
    }

    public void Dispose() => room.Dispose();

    private async Task<Delivery> DeliverInTimeAsync(OutgoingMail outgoing, CancellationToken deadline, CancellationToken cancel)
    {
        using var client = NewClient();
        var phase = "connect";
        try
        {
            await client.ConnectAsync(mail.Host, Port(mail), mail.Security switch
            {
                MailSecurity.ImplicitTls => SecureSocketOptions.SslOnConnect,
                MailSecurity.StartTlsRequired => SecureSocketOptions.StartTls,
                _ => SecureSocketOptions.None,
            }, deadline);
            phase = "authenticate";
            await AuthenticateAsync(client, deadline);
            phase = "send";
            await client.SendAsync(Message(outgoing), deadline);
        }
        catch (SmtpCommandException said)
        {
            var reason = Reason(phase, string.Create(CultureInfo.InvariantCulture, $"{(int)said.StatusCode} {said.Message}"));
            // Before a mail was spoken of, "no" is about this server and its settings, which an operator can mend.
            return phase == "send" && (int)said.StatusCode >= 500 ? new Delivery.Refused(reason) : new Delivery.Later(reason);
        }
        catch (NotSupportedException lacks) when (phase == "send")
        {
            // SMTPUTF8, for an address that needs it (RFC 6531): no later attempt changes that.
            return new Delivery.Refused(Reason(phase, lacks.Message));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new Delivery.Later(Reason(phase, "timeout"));
        }
        catch (Exception trouble) when (trouble is NotSupportedException or ProtocolException or AuthenticationException or SslHandshakeException or IOException or SocketException or TimeoutException or UnauthorizedAccessException)
        {
            return new Delivery.Later(Reason(phase, trouble.Message));
        }

        await LeaveAsync(client, deadline);
        return new Delivery.Sent();
    }

    private SmtpClient NewClient()
    {
        var client = new SmtpClient
        {
            Timeout = (int)mail.Timeout.TotalMilliseconds,
            ServerCertificateValidationCallback = (_, certificate, chain, errors) => IsGood(certificate, chain, errors),
            // A revocation list would be fetched from a third place, and mail would stop whenever that is away.
            CheckCertificateRevocation = false,
        };
        // Not the machine's own name: it is nobody's business.
        if (Uri.TryCreate(options.Issuer, UriKind.Absolute, out var issuer) && issuer.HostNameType == UriHostNameType.Dns)
            client.LocalDomain = issuer.IdnHost;
        return client;
    }

    private async Task AuthenticateAsync(SmtpClient client, CancellationToken cancel)
    {
        if (string.IsNullOrEmpty(mail.User))
            return;
        var token = string.IsNullOrEmpty(mail.OAuth2TokenFile) ? mail.OAuth2Token : (await File.ReadAllTextAsync(mail.OAuth2TokenFile, cancel)).Trim();
        if (string.IsNullOrEmpty(token))
            await client.AuthenticateAsync(mail.User, mail.Password ?? "", cancel);
        else if (client.AuthenticationMechanisms.Contains("OAUTHBEARER"))
            await client.AuthenticateAsync(new SaslMechanismOAuthBearer(mail.User, token), cancel);
        else
            await client.AuthenticateAsync(new SaslMechanismOAuth2(mail.User, token), cancel);
    }

    // A name that is not the certificate's is never forgiven; who vouches for it may be the operator's own authority.
    private bool IsGood(X509Certificate? certificate, X509Chain? sent, SslPolicyErrors errors) =>
        authorities is null ? errors == SslPolicyErrors.None : (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) == SslPolicyErrors.None && ComesFrom(authorities, certificate, sent);

    private static bool ComesFrom(X509Certificate2Collection authorities, X509Certificate? certificate, X509Chain? sent)
    {
        if (certificate is not X509Certificate2 leaf)
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        // RFC 5280 §4.2.1.12: made for servers.
        chain.ChainPolicy.ApplicationPolicy.Add(new("1.3.6.1.5.5.7.3.1"));
        if (sent is not null)
        {
            foreach (var between in sent.ChainElements)
                chain.ChainPolicy.ExtraStore.Add(between.Certificate);
        }

        return chain.Build(leaf);
    }

    private MimeMessage Message(OutgoingMail outgoing)
    {
        var message = new MimeMessage
        {
            MessageId = outgoing.MessageId,
            Date = outgoing.CreatedAt,
            Subject = outgoing.Subject,
            Body = new MultipartAlternative
            {
                new TextPart(TextFormat.Plain) { Text = outgoing.Text },
                new TextPart(TextFormat.Html) { Text = outgoing.Html },
            },
        };
        message.From.Add(new MailboxAddress(string.IsNullOrEmpty(mail.FromName) ? options.Brand.Name : mail.FromName, mail.From));
        message.To.Add(new MailboxAddress(null, outgoing.Recipient));
        message.Body.Headers.Add("Content-Language", outgoing.Language);
        // RFC 3834 §5: nobody's holiday answers this.
        message.Headers.Add("Auto-Submitted", "auto-generated");
        message.Headers.Add("X-Auto-Response-Suppress", "All");
        return message;
    }

    // The mail is theirs already, whatever happens to the farewell.
    private static async Task LeaveAsync(SmtpClient client, CancellationToken cancel)
    {
        try
        {
            await client.DisconnectAsync(quit: true, cancel);
        }
        catch (Exception trouble) when (trouble is ProtocolException or CommandException or IOException or SocketException or OperationCanceledException)
        {
        }
    }

    private static string Reason(string phase, string said)
    {
        var line = new string([.. said.Select(c => char.IsControl(c) ? ' ' : c)]);
        return $"{phase}: {(line.Length > LongestReason ? line[..LongestReason] : line)}";
    }

    private static X509Certificate2Collection? Authorities(string? file)
    {
        if (string.IsNullOrEmpty(file))
            return null;
        var found = new X509Certificate2Collection();
        found.ImportFromPemFile(file);
        return found;
    }
}
