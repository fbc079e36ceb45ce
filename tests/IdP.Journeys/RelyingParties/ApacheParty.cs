using IdP.Server.Tests.Support;

namespace IdP.Journeys.RelyingParties;

/// <summary>Apache with mod_auth_openidc, certified for every relying-party profile, with a configuration of its own.</summary>
internal sealed class ApacheParty : RealParty
{
    private readonly string folder = Directory.CreateTempSubdirectory("idp-apache-").FullName;
    private ChildProcess? apache;

    public override string Name => "apache";

    public override string RedirectUri => Base + "/oidc/callback";

    public override async Task StartAsync(string issuer)
    {
        SignOut = "/oidc/callback?logout=" + Uri.EscapeDataString(Bye);
        foreach (var page in (string[])["index.shtml", "money/index.shtml"])
        {
            Directory.CreateDirectory(Path.Combine(folder, "www", Path.GetDirectoryName(page)!));
            await File.WriteAllTextAsync(Path.Combine(folder, "www", page), """
                <!doctype html><title>apache</title>
                <pre id="claims">sub=<!--#echo var="OIDC_CLAIM_sub" --> acr=<!--#echo var="OIDC_CLAIM_acr" --> amr=<!--#echo var="OIDC_CLAIM_amr" --> auth_time=<!--#echo var="OIDC_CLAIM_auth_time" --></pre>
                """);
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "www", "bye"), "bye");
        await File.WriteAllTextAsync(Path.Combine(folder, "httpd.conf"), Configuration(issuer));
        // Apache's workers are another user.
        foreach (var entry in Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Append(folder))
            File.SetUnixFileMode(entry, (UnixFileMode)Convert.ToInt32(Directory.Exists(entry) ? "777" : "644", 8));
        apache = new ChildProcess("/usr/sbin/apache2", ["-f", Path.Combine(folder, "httpd.conf"), "-DFOREGROUND"]);
        await apache.ListeningAsync(Port);
    }

    private string Configuration(string issuer)
    {
        string[] modules = ["mpm_event", "authn_core", "authz_core", "authz_user", "mime", "dir", "headers", "env", "include", "auth_openidc"];
        var user = Environment.IsPrivilegedProcess ? "User www-data\nGroup www-data\n" : "";
        return $"""
            ServerRoot {folder}
            ServerName {Name}.localhost:{Port}
            Listen 127.0.0.1:{Port}
            PidFile {folder}/httpd.pid
            TypesConfig /dev/null
            Mutex file:{folder} default
            ErrorLog /dev/stderr
            LogLevel warn auth_openidc:info
            {string.Join('\n', modules.Select(module => $"LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so"))}
            {user}
            DocumentRoot {folder}/www
            DirectoryIndex index.shtml
            Header always set Cache-Control no-store
            AddType text/html .shtml
            AddOutputFilter INCLUDES .shtml
            UseCanonicalName On

            OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
            OIDCClientID {Name}
            OIDCClientSecret {Secret}
            OIDCRedirectURI {RedirectUri}
            OIDCCryptoPassphrase {Secret}
            OIDCResponseType code
            OIDCPKCEMethod S256
            OIDCScope "openid profile"
            OIDCProviderTokenEndpointAuth client_secret_basic
            OIDCPassClaimsAs environment
            OIDCCookieSameSite On

            <Directory {folder}/www>
              Options +Includes
              Require all granted
            </Directory>
            <Location />
              AuthType openid-connect
              Require valid-user
            </Location>
            <Location /money>
              AuthType openid-connect
              Require claim acr:mfa
              OIDCUnAutzAction auth
              OIDCPathAuthRequestParams acr_values=mfa
            </Location>
            <Location /bye>
              AuthType None
              Require all granted
            </Location>
            """;
    }

    public override async ValueTask DisposeAsync()
    {
        if (apache is not null)
            await apache.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
