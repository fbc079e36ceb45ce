using IdP.Server.StepUp;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Mail;

/// <summary>A server that demands TLS of its mail server, and a mail server that is in whatever trouble the test says.</summary>
public abstract class MailTroubleHost(StorePair pair) : IAsyncLifetime
{
    /// <summary>A group whose people must bind a second factor.</summary>
    internal const string Demanded = "demanded";

    private string trouble = "";

    public TestIdp Idp { get; private set; } = null!;

    public ScriptedSmtp Smtp { get; private set; } = null!;

    /// <summary>From the next connection on.</summary>
    public void Begin(string fault)
    {
        if (trouble == "away")
            Smtp.Return();
        trouble = fault;
        if (trouble == "away")
            Smtp.Leave();
    }

    public async ValueTask InitializeAsync()
    {
        Smtp = new ScriptedSmtp(Answer, TestCertificates.Make());
        // Attempts that hang make room before long.
        var settings = new Dictionary<string, string>(Smtp.Settings) { ["Mail:User"] = "idp", ["Mail:Password"] = "password-canary", ["Mail:Timeout"] = "00:00:03", ["Mail:OwnDomains"] = "example.com" };
        Idp = await TestIdp.StartAsync(pair, new TestIdpOptions { Seed = new Seed(otpPeople: 0), Settings = settings });
        await Seed.DemandAsync(Idp, new BindingPolicy { Name = Demanded, Groups = [Demanded] });
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Idp is not null)
            await Idp.DisposeAsync();
        Smtp?.Dispose();
    }

    private string? Answer(string said) => (trouble, ScriptedSmtp.Word(said)) switch
    {
        ("no greeting", "CONNECT") => "",
        ("no end to the greeting", "CONNECT") => ScriptedSmtp.Dripping,
        ("no answer to the mail", ".") => "",
        ("no TLS", "EHLO") => "250-mail.example\r\n250 AUTH PLAIN",
        ("TLS refused", "STARTTLS") => "454 not now",
        ("4xx", "RCPT") => "450 greylisted",
        ("5xx", "RCPT") => "550 nobody",
        ("hangs up", "CONNECT") => null,
        ("hangs up on the mail", ".") => null,
        _ => ScriptedSmtp.Takes(said, "STARTTLS", "AUTH PLAIN"),
    };
}

public sealed class SqliteMailTroubleHost() : MailTroubleHost(StorePair.SqliteAndMemory);

public sealed class PostgresMailTroubleHost() : MailTroubleHost(StorePair.PostgresAndRedis);
