using System.Net;
using IdP.Protocol.Tokens;
using IdP.Server.Mail;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Hosting;

/// <summary>What the settings must fulfil before the server starts. Each message quotes the bad value, save where it is a secret.</summary>
internal static class IdpOptionsChecks
{
    public static IEnumerable<string> Faults(IdpOptions options)
    {
        string?[] faults =
        [
            Issuer(options.Issuer),
            string.IsNullOrWhiteSpace(options.DataDirectory) ? "DataDirectory: is empty; name a folder" : null,
            .. ListenUrls(options),
            Management(options.Listen),
            .. Tls(options.Tls),
            .. options.Proxies.Known.Select(known => Network("Proxies:Known", known)),
            .. options.Outbound.AllowedNetworks.Select(network => Network("Outbound:AllowedNetworks", network)),
            Database(options.Storage.Database),
            Ephemeral(options.Storage.Ephemeral),
            Pair(options),
            MasterKey(options),
            Between("SignIn:SessionLifetime", options.SignIn.SessionLifetime, TimeSpan.FromMinutes(1), TimeSpan.FromDays(90)),
            Between("SignIn:Patience", options.SignIn.Patience, TimeSpan.FromMinutes(1), TimeSpan.FromHours(12)),
            Between("SignIn:MinimumPasswordLength", options.SignIn.MinimumPasswordLength, 8, 128),
            Between("TrustedDevices:Days", options.TrustedDevices.Days, 1, 90),
            Between("TrustedDevices:MaximumPerPerson", options.TrustedDevices.MaximumPerPerson, 1, 10),
            .. options.Acr.Names.Select(a => Acr(a.Key, a.Value)),
            Between("Keys:RotationDays", options.Keys.RotationDays, 2, 3650),
            Between("Keys:AnnounceDays", options.Keys.AnnounceDays, 1, 365),
            options.Keys.AnnounceDays < options.Keys.RotationDays ? null : $"Keys:AnnounceDays: {options.Keys.AnnounceDays} must be less than Keys:RotationDays, {options.Keys.RotationDays}",
            Between("Audit:RetentionDays", options.Audit.RetentionDays, 1, 36_500),
            .. MailChecks.Faults(options.Mail),
            Places.Fault(options.Place.Database),
            Logo(options.Brand.Logo),
            Accent("Brand:Accent", options.Brand.Accent),
            Accent("Brand:AccentDark", options.Brand.AccentDark),
        ];
        return faults.OfType<string>();
    }

    /// <summary>OpenID Connect Discovery §3: https, no query, no fragment. Plain http is for trying things on one's own machine.</summary>
    private static string? Issuer(string issuer)
    {
        const string Example = "for example https://id.example.com";
        if (issuer.Length == 0)
            return $"Issuer: is not set; it is the public address of this server, {Example} (IDP__Issuer)";
        if (!Uri.TryCreate(issuer, UriKind.Absolute, out var uri) || issuer.Any(c => c is <= ' ' or > '~'))
            return $"Issuer: '{issuer}' is not an absolute URL, {Example}";
        if (uri.Scheme != Uri.UriSchemeHttps && !(uri.Scheme == Uri.UriSchemeHttp && UriRules.IsLoopback(uri)))
            return $"Issuer: '{issuer}' must begin with https://; http:// is for loopback addresses only";
        if (issuer.Contains('?', StringComparison.Ordinal) || issuer.Contains('#', StringComparison.Ordinal) || uri.UserInfo.Length > 0)
            return $"Issuer: '{issuer}' must not have a query, a fragment or a user name";
        if (issuer.EndsWith('/'))
            return $"Issuer: '{issuer}' must not end with a slash";
        if (uri.AbsolutePath != "/")
            return $"Issuer: '{issuer}' must not have a path: this server answers at the root of its host; give it a host name of its own, {Example}";
        return uri.GetLeftPart(UriPartial.Authority) == issuer ? null : $"Issuer: '{issuer}' must be written plainly: lower-case scheme and host, no default port";
    }

    private static IEnumerable<string?> ListenUrls(IdpOptions options)
    {
        var urls = Urls(options.Listen);
        if (urls.Length == 0)
            yield return "Listen:Urls: is empty; name at least one address, for example http://localhost:5080";
        foreach (var url in urls)
            yield return Bindable("Listen:Urls", url);
        if (urls.Any(u => u.StartsWith("https://", StringComparison.OrdinalIgnoreCase)) && options.Tls.Certificate is null)
            yield return $"Listen:Urls: '{options.Listen.Urls}' has https, but Tls:Certificate and Tls:Key are not set";
    }

    /// <summary>Its pages are told from the public ones by the port alone. Port 0 is another one each time.</summary>
    private static string? Management(ListenOptions listen) =>
        listen.Management.Length == 0 ? null
        : Address(listen.Management) is not { } own ? Bindable("Listen:Management", listen.Management)
        : own.Port != 0 && Urls(listen).FirstOrDefault(url => Address(url)?.Port == own.Port) is { } taken
            ? $"Listen:Management: '{listen.Management}' has the port of '{taken}' in Listen:Urls; it needs one of its own"
        : null;

    private static string[] Urls(ListenOptions listen) => listen.Urls.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string? Bindable(string name, string url) =>
        Address(url) is null ? $"{name}: '{url}' is not an address to listen on, for example http://localhost:5080" : null;

    private static Uri? Address(string url)
    {
        // Kestrel's own "any address" spellings are no host names to Uri.
        var plain = url.Replace("://*", "://any", StringComparison.Ordinal).Replace("://+", "://any", StringComparison.Ordinal);
        return Uri.TryCreate(plain, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.AbsolutePath == "/" && uri.Query.Length == 0 ? uri : null;
    }

    private static IEnumerable<string?> Tls(TlsOptions tls)
    {
        if (tls.Certificate is null != tls.Key is null)
            yield return "Tls: Tls:Certificate and Tls:Key go together; only one is set";
        if (tls.Certificate is { } certificate && !File.Exists(certificate))
            yield return $"Tls:Certificate: there is no file '{certificate}'";
        if (tls.Key is { } key && !File.Exists(key))
            yield return $"Tls:Key: there is no file '{key}'";
        else if (tls.Certificate is { } both && File.Exists(both) && tls.Key is not null && CertificateFiles.Fault(both, tls.Key) is { } fault)
            yield return $"Tls: '{both}' and '{tls.Key}' are not a certificate and its key in PEM: {fault}";
    }

    private static string? Network(string name, string network) => IPAddress.TryParse(network, out _) || IPNetwork.TryParse(network, out _)
        ? null : $"{name}: '{network}' is neither an address nor a range such as 10.0.0.0/8";

    private static string? Database(string database) =>
        database.Length == 0 || (database.StartsWith("sqlite:", StringComparison.Ordinal) && database.Length > 7)
        || (database.StartsWith("postgres:", StringComparison.Ordinal) && database.Contains('=', StringComparison.Ordinal))
            ? null : $"Storage:Database: '{BeforeSecret(database)}' must be sqlite:PATH or postgres:Host=...;Database=...;Username=...;Password=...";

    private static string? Ephemeral(string ephemeral) =>
        ephemeral == "memory" || (ephemeral.StartsWith("redis:", StringComparison.Ordinal) && ephemeral.Length > 6)
            ? null : $"Storage:Ephemeral: '{BeforeSecret(ephemeral)}' must be memory or redis:HOST:PORT";

    private static string? Pair(IdpOptions options) =>
        options.Storage.Database.StartsWith("postgres:", StringComparison.Ordinal) || !options.Storage.Ephemeral.StartsWith("redis:", StringComparison.Ordinal)
            ? null : "Storage:Ephemeral: redis is for many nodes, which SQLite cannot serve; use postgres as Storage:Database, or memory here";

    private static string? MasterKey(IdpOptions options)
    {
        const string How = "32 bytes in base64 (try: openssl rand -base64 32)";
        if (string.IsNullOrEmpty(options.Secrets.MasterKey))
            return options.Storage.Database.StartsWith("postgres:", StringComparison.Ordinal) && IdpConfiguration.EnvironmentName != "Development" ? $"Secrets:MasterKey: is not set; with PostgreSQL every node needs the same one, {How}" : null;
        Span<byte> key = stackalloc byte[64];
        return Convert.TryFromBase64String(options.Secrets.MasterKey, key, out var length) && length == 32
            ? null : $"Secrets:MasterKey: is not {How}; the value has {options.Secrets.MasterKey.Length} characters";
    }

    private static string? Acr(string name, string level) =>
        name.Length == 0 || name.Any(c => c is <= ' ' or > '~') ? $"Acr:Names: '{name}' must be printable ASCII without spaces"
        : level is AcrLevels.Password or AcrLevels.Mfa ? null : $"Acr:Names:{name}: '{level}' must be pwd or mfa";

    private static string? Logo(string? logo) =>
        string.IsNullOrEmpty(logo) ? null
        : Path.GetExtension(logo).ToUpperInvariant() is not (".SVG" or ".PNG") ? $"Brand:Logo: '{logo}' must be an .svg or .png file"
        : !File.Exists(logo) ? $"Brand:Logo: there is no file '{logo}'"
        : new FileInfo(logo).Length > Brand.LargestLogo ? $"Brand:Logo: '{logo}' must have at most {Brand.LargestLogo / 1024} KB" : null;

    private static string? Accent(string name, string? colour) =>
        string.IsNullOrEmpty(colour) || Colour.Parse(colour) is not null ? null : $"{name}: '{colour}' is not a colour written as #rrggbb, for example #2563eb";

    private static string? Between<T>(string name, T value, T least, T most) where T : IComparable<T> =>
        value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0 ? null : $"{name}: '{value}' must be between {least} and {most}";

    /// <summary>Enough to recognise the value by; connection strings hold passwords, addresses too (postgres://user:password@host).</summary>
    private static string BeforeSecret(string value) =>
        value.IndexOfAny([':', ';', ',', '=', '@']) is >= 0 and var cut ? value[..cut] + "..." : value;
}
