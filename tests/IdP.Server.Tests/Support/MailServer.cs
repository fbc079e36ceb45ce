using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Search;
using MimeKit;

[assembly: AssemblyFixture(typeof(IdP.Server.Tests.Support.MailServers))]

namespace IdP.Server.Tests.Support;

/// <summary>One real mail server for all tests of this assembly, started for the first that asks.</summary>
public sealed class MailServers : IAsyncDisposable
{
    private static readonly Lazy<Task<MailServer>> Shared = new(MailServer.StartAsync);

    public static Task<MailServer> GetAsync() => Shared.Value;

    public async ValueTask DisposeAsync()
    {
        if (Shared.IsValueCreated)
            await (await Shared.Value).DisposeAsync();
    }
}

/// <summary>
/// Debian's Postfix, and Dovecot beside it for passwords and for reading, on free ports with a folder, a certificate and mailboxes of their own. Takes mail for every
/// address but those that begin with "nobody@". Both programs want root: without it they are started through sudo.
/// </summary>
public sealed class MailServer : IAsyncDisposable
{
    /// <summary>Postfix says here for whom it took a mail; all mails lie in one mailbox.</summary>
    private const string Recipient = "X-Original-To";

    private readonly string folder = Directory.CreateTempSubdirectory("idp-mail-").FullName;
    private readonly int imap = TestIdp.FreePort();
    private readonly int sasl = TestIdp.FreePort();

    private MailServer()
    {
    }

    /// <summary>Demands STARTTLS and a password.</summary>
    public int Submission { get; } = TestIdp.FreePort();
    /// <summary>TLS from the first byte, and a password.</summary>
    public int ImplicitTls { get; } = TestIdp.FreePort();
    /// <summary>Has no TLS at all, and asks for no password.</summary>
    public int Plain { get; } = TestIdp.FreePort();

    public string User => "idp@mail.example";
    public string Password { get; } = Convert.ToHexString(RandomNumberGenerator.GetBytes(8));
    /// <summary>PEM file of the authority that its certificate (for "localhost") comes from.</summary>
    public string Authority => Path.Combine(folder, "ca.pem");

    /// <summary>Its own folder: Postfix looks askance at whatever lies in it.</summary>
    private string Postfix => Path.Combine(folder, "postfix");

    /// <summary>Settings of a server that sends through it.</summary>
    public Dictionary<string, string> Settings => new()
    {
        ["Mail:Host"] = "localhost",
        ["Mail:Port"] = Submission.ToString(CultureInfo.InvariantCulture),
        ["Mail:Security"] = "StartTlsRequired",
        ["Mail:Authority"] = Authority,
        ["Mail:User"] = User,
        ["Mail:Password"] = Password,
        ["Mail:From"] = "no-reply@idp.example",
    };

    public static async Task<MailServer> StartAsync()
    {
        var server = new MailServer();
        try
        {
            await server.PrepareAsync();
            // Started as daemons: neither is a child whose end would be noticed.
            await RunAsync("dovecot", "-c", Path.Combine(server.folder, "dovecot.conf"));
            await RunAsync("postfix", "-c", server.Postfix, "start");
            foreach (var port in (int[])[server.imap, server.sasl, server.Submission, server.ImplicitTls, server.Plain])
                await server.ListeningAsync(port);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The newest mail in an address's mailbox that came since <paramref name="after"/> others, as its mail client gets it; waits for it.</summary>
    public async Task<MimeMessage> ReceiveAsync(string address, int after = 0, Func<MimeMessage, bool>? which = null)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromSeconds(15); await Task.Delay(100))
        {
            if ((await InboxAsync(address)).Where(which ?? (_ => true)).ToList() is var mails && mails.Count > after)
                return mails[^1];
        }

        throw new InvalidOperationException($"No mail came to {address}. {await LogAsync()}");
    }

    /// <summary>Everything in the mailbox, oldest first, over IMAP.</summary>
    public async Task<IReadOnlyList<MimeMessage>> InboxAsync(string address)
    {
        using var client = new ImapClient();
        await client.ConnectAsync("127.0.0.1", imap, MailKit.Security.SecureSocketOptions.None);
        await client.AuthenticateAsync("all", Password);
        await client.Inbox!.OpenAsync(FolderAccess.ReadOnly);
        List<MimeMessage> mails = [];
        foreach (var id in await client.Inbox.SearchAsync(SearchQuery.HeaderContains(Recipient, address)))
        {
            var mail = await client.Inbox.GetMessageAsync(id);
            if (mail.Headers[Recipient] == address)
                mails.Add(mail);
        }

        await client.DisconnectAsync(quit: true);
        return mails;
    }

    public async Task<string> LogAsync() =>
        string.Join('\n', await Task.WhenAll(Directory.GetFiles(Path.Combine(folder, "log")).Select(file => File.ReadAllTextAsync(file))));

    public async ValueTask DisposeAsync()
    {
        await TryRunAsync("postfix", "-c", Postfix, "stop");
        await TryRunAsync("doveadm", "-c", Path.Combine(folder, "dovecot.conf"), "stop");
        // Mailboxes belong to another user.
        await TryRunAsync("rm", "-rf", folder);
    }

    private async Task PrepareAsync()
    {
        foreach (var name in (string[])["postfix", "queue", "data", "log", "mail", "run"])
            Directory.CreateDirectory(Path.Combine(folder, name));
        MakeCertificates();
        await File.WriteAllTextAsync(Path.Combine(Postfix, "main.cf"), MainCf);
        await File.WriteAllTextAsync(Path.Combine(Postfix, "master.cf"), MasterCf);
        await File.WriteAllTextAsync(Path.Combine(Postfix, "mailboxes"), "!/^nobody@/ Maildir/\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "dovecot.conf"), DovecotConf);
        await RunAsync("chmod", "755", folder);
        await RunAsync("chown", "postfix", Path.Combine(folder, "data"));
        await RunAsync("chown", "mail:mail", Path.Combine(folder, "mail"));
        await RunAsync("chown", "root", Path.Combine(folder, "queue"), Path.Combine(Postfix, "main.cf"), Path.Combine(Postfix, "master.cf"), Path.Combine(Postfix, "mailboxes"));
    }

    private void MakeCertificates()
    {
        var made = TestCertificates.Make();
        File.WriteAllText(Authority, made.Authority);
        File.WriteAllText(Path.Combine(folder, "cert.pem"), made.Certificate);
        File.WriteAllText(Path.Combine(folder, "key.pem"), made.Key);
    }

    private string MainCf => $"""
        compatibility_level = 3.6
        queue_directory = {folder}/queue
        data_directory = {folder}/data
        maillog_file = {folder}/log/postfix.log
        maillog_file_prefixes = {folder}
        mail_owner = postfix
        myhostname = mail.example
        mydestination =
        alias_maps =
        alias_database =
        local_recipient_maps =
        inet_protocols = ipv4
        virtual_mailbox_domains = static:all
        virtual_mailbox_base = {folder}/mail
        virtual_mailbox_maps = regexp:{Postfix}/mailboxes
        virtual_minimum_uid = 1
        virtual_uid_maps = static:{Id("mail")}
        virtual_gid_maps = static:{Id("mail")}
        smtpd_tls_cert_file = {folder}/cert.pem
        smtpd_tls_key_file = {folder}/key.pem
        smtpd_tls_session_cache_database =
        smtpd_sasl_type = dovecot
        smtpd_sasl_path = inet:127.0.0.1:{sasl}
        smtpd_client_connection_count_limit = 0
        smtpd_peername_lookup = no
        smtpd_relay_restrictions = reject_unauth_destination
        smtputf8_enable = yes

        """;

    private string MasterCf => $"""
        127.0.0.1:{Submission} inet n - n - - smtpd
          -o smtpd_tls_security_level=encrypt
          -o smtpd_sasl_auth_enable=yes
          -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
        127.0.0.1:{ImplicitTls} inet n - n - - smtpd
          -o smtpd_tls_wrappermode=yes
          -o smtpd_sasl_auth_enable=yes
          -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
        127.0.0.1:{Plain} inet n - n - - smtpd
        pickup unix n - n 60 1 pickup
        cleanup unix n - n - 0 cleanup
        qmgr unix n - n 300 1 qmgr
        tlsmgr unix - - n 1000? 1 tlsmgr
        rewrite unix - - n - - trivial-rewrite
        bounce unix - - n - 0 bounce
        defer unix - - n - 0 bounce
        trace unix - - n - 0 bounce
        verify unix - - n - 1 verify
        flush unix n - n 1000? 0 flush
        proxymap unix - - n - - proxymap
        proxywrite unix - - n - 1 proxymap
        error unix - - n - - error
        retry unix - - n - - error
        discard unix - - n - - discard
        virtual unix - n n - - virtual
        anvil unix - - n - 1 anvil
        scache unix - - n - 1 scache
        postlog unix-dgram n - n - 1 postlogd

        """;

    // Dovecot 2.3's words; a statement a line.
    private string DovecotConf => $$"""
        base_dir = {{folder}}/run/dovecot
        state_dir = {{folder}}/run/state
        log_path = {{folder}}/log/dovecot.log
        instance_name = {{Path.GetFileName(folder)}}
        listen = 127.0.0.1
        protocols = imap
        ssl = no
        disable_plaintext_auth = no
        auth_mechanisms = plain login
        auth_failure_delay = 0
        auth_username_format = %u
        first_valid_uid = 8
        mail_location = maildir:~/Maildir
        passdb {
          driver = static
          args = password={{Password}}
        }
        userdb {
          driver = static
          args = uid=mail gid=mail home={{folder}}/mail allow_all_users=yes
        }
        service anvil {
          unix_listener anvil-auth-penalty {
            mode = 0
          }
        }
        service imap-login {
          inet_listener imap {
            port = {{imap}}
          }
          inet_listener imaps {
            port = 0
          }
        }
        service auth {
          inet_listener {
            address = 127.0.0.1
            port = {{sasl}}
          }
        }

        """;

    private async Task ListeningAsync(int port)
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            try
            {
                using var probe = new System.Net.Sockets.TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, port);
                return;
            }
            catch (System.Net.Sockets.SocketException) when (watch.Elapsed < TimeSpan.FromSeconds(15))
            {
            }
            catch (System.Net.Sockets.SocketException)
            {
                throw new InvalidOperationException($"The mail server does not listen on {port}. {await LogAsync()}");
            }
        }
    }

    private static string Id(string user) => File.ReadLines("/etc/passwd").First(line => line.StartsWith(user + ":", StringComparison.Ordinal)).Split(':')[2];

    private static async Task RunAsync(string program, params string[] arguments)
    {
        if (await TryRunAsync(program, arguments) is not 0 and var code)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {code}.");
    }

    private static async Task<int> TryRunAsync(string program, params string[] arguments)
    {
        // Output goes nowhere rather than into a pipe: a daemon inherits it, and a pipe would never end.
        string[] line = ["exec \"$0\" \"$@\" >/dev/null 2>&1", .. Environment.IsPrivilegedProcess ? (string[])[] : ["sudo", "-n"], program, .. arguments];
        var start = new ProcessStartInfo("/bin/sh", ["-c", .. line]) { WorkingDirectory = "/" };
        start.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
