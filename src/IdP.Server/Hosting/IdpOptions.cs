namespace IdP.Server.Hosting;

/// <summary>All settings, one section a class. From appsettings.json, then IDP__Section__Key environment variables (…_FILE reads a file), then --Section:Key arguments.</summary>
internal sealed class IdpOptions
{
    /// <summary>The public address, no trailing slash: https, or http on loopback.</summary>
    public string Issuer { get; set; } = "";

    /// <summary>Folder of the SQLite file, the master key and the node's lock; created when missing.</summary>
    public string DataDirectory { get; set; } = "data";

    public ListenOptions Listen { get; set; } = new();
    public TlsOptions Tls { get; set; } = new();
    public ProxyOptions Proxies { get; set; } = new();
    public OutboundOptions Outbound { get; set; } = new();
    public StorageOptions Storage { get; set; } = new();
    public SecretOptions Secrets { get; set; } = new();
    public SignInOptions SignIn { get; set; } = new();
    public TrustedDeviceOptions TrustedDevices { get; set; } = new();
    public AcrOptions Acr { get; set; } = new();
    public KeyOptions Keys { get; set; } = new();
    public AuditOptions Audit { get; set; } = new();
    public MailOptions Mail { get; set; } = new();
    public PlaceOptions Place { get; set; } = new();
    public BrandOptions Brand { get; set; } = new();

    /// <summary>Settings of kinds of second factors, "KIND:NAME"; each kind knows and checks its own.</summary>
    public Dictionary<string, string> Factors { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    public DemoOptions Demo { get; set; } = new();
}

internal sealed class ListenOptions
{
    /// <summary>Comma-separated; https:// needs Tls.</summary>
    public string Urls { get; set; } = "http://localhost:5080";
    /// <summary>Health; empty switches it off.</summary>
    public string Management { get; set; } = "http://127.0.0.1:9000";
}

internal sealed class TlsOptions
{
    /// <summary>PEM file with the certificate and its chain; read again when it changes.</summary>
    public string? Certificate { get; set; }
    /// <summary>PEM file with the private key.</summary>
    public string? Key { get; set; }
}

internal sealed class ProxyOptions
{
    /// <summary>Addresses or CIDR ranges whose X-Forwarded-For, -Proto and -Host are believed.</summary>
    public List<string> Known { get; set; } = [];
}

internal sealed class OutboundOptions
{
    /// <summary>
    /// Addresses or CIDR ranges that this server may connect to although they are not public, when somebody else names them: apps inside a
    /// company's network that are told of sign-outs.
    /// </summary>
    public List<string> AllowedNetworks { get; set; } = [];
}

internal sealed class StorageOptions
{
    /// <summary>"sqlite:PATH" or "postgres:Host=...;Database=...". Empty: SQLite in the data directory.</summary>
    public string Database { get; set; } = "";
    /// <summary>"memory" or "redis:HOST:PORT[,password=...]".</summary>
    public string Ephemeral { get; set; } = "memory";
}

internal sealed class SecretOptions
{
    /// <summary>32 bytes, base64: seals signing keys, OTP secrets and password hashes. Empty: kept in DataDirectory/master.key (SQLite only).</summary>
    public string? MasterKey { get; set; }
}

internal sealed class SignInOptions
{
    public TimeSpan SessionLifetime { get; set; } = TimeSpan.FromHours(12);
    /// <summary>How long a person may take from the app's request to the answer.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromMinutes(30);
    public int MinimumPasswordLength { get; set; } = 8;
}

internal sealed class TrustedDeviceOptions
{
    /// <summary>Off: nobody is offered to skip the second step, and nothing given before counts.</summary>
    public bool Enabled { get; set; } = true;
    /// <summary>How long trust lasts from the day it was given; use does not make it longer.</summary>
    public int Days { get; set; } = 30;
    /// <summary>The oldest goes when one more is trusted.</summary>
    public int MaximumPerPerson { get; set; } = 10;
}

internal sealed class AcrOptions
{
    /// <summary>Further acr names, each mapped to "pwd" or "mfa".</summary>
    public Dictionary<string, string> Names { get; set; } = [];
    /// <summary>Second factors good enough for mfa on this server, by kind ("totp") or by way of a kind ("app/push"); empty: all.</summary>
    public List<string> AcceptedFactors { get; set; } = [];
    /// <summary>A demand for mfa lets somebody who has bound nothing that would do bind it there and then; each client can turn it off too.</summary>
    public bool BindOnDemand { get; set; } = true;
}

internal sealed class KeyOptions
{
    public int RotationDays { get; set; } = 90;
    public int AnnounceDays { get; set; } = 14;
}

internal sealed class AuditOptions
{
    /// <summary>Older rows are removed.</summary>
    public int RetentionDays { get; set; } = 400;
}

internal sealed class PlaceOptions
{
    /// <summary>Path of a database of cities or countries in MaxMind's format (.mmdb), read at start; empty: mails and lists name the address alone.</summary>
    public string? Database { get; set; }
}

internal sealed class BrandOptions
{
    public string Name { get; set; } = "IdP";
    /// <summary>Path of an SVG or PNG file, served by this server; empty shows the name alone.</summary>
    public string? Logo { get; set; }
    /// <summary>#rrggbb; text upon it and links follow from it. AccentDark empty: the same in the dark theme.</summary>
    public string? Accent { get; set; }
    public string? AccentDark { get; set; }
}

internal sealed class MailOptions
{
    /// <summary>The mail server; empty: there is none, and what needs mail is not offered (in the demo the mailbox at /demo/mail stands in for it).</summary>
    public string Host { get; set; } = "";
    /// <summary>Null: 465, 587 or 25, as Security has it.</summary>
    public int? Port { get; set; }
    public MailSecurity Security { get; set; } = MailSecurity.StartTlsRequired;
    /// <summary>PEM file with the authorities that the mail server's certificate must come from; empty: those of the system.</summary>
    public string? Authority { get; set; }
    public string? User { get; set; }
    public string? Password { get; set; }
    /// <summary>Instead of the password, for OAUTHBEARER or XOAUTH2.</summary>
    public string? OAuth2Token { get; set; }
    /// <summary>The same from a file that something else keeps fresh; read for each mail.</summary>
    public string? OAuth2TokenFile { get; set; }
    /// <summary>The address that mails come from.</summary>
    public string From { get; set; } = "";
    /// <summary>Empty: the brand's name.</summary>
    public string? FromName { get; set; }
    /// <summary>How long one mail may take to be handed over. People wait two seconds at most, whatever stands here.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);
    /// <summary>Domains whose mailboxes these accounts open; a backup address there, or below, would be no second factor.</summary>
    public List<string> OwnDomains { get; set; } = [];
    /// <summary>Folder of templates that take the place of ours: code.en.txt, code.en.html, notice.zh-Hans.txt, ...</summary>
    public string? TemplateDirectory { get; set; }
}

internal enum MailSecurity
{
    /// <summary>TLS from the first byte.</summary>
    ImplicitTls,
    /// <summary>STARTTLS, or nothing is said.</summary>
    StartTlsRequired,
    /// <summary>In clear; for a mail server on this very machine.</summary>
    None,
}

internal sealed class DemoOptions
{
    /// <summary>Null: on in Development, never in Production.</summary>
    public bool? Enabled { get; set; }
}
