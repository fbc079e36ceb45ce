using System.Globalization;
using System.Net;
using System.Net.Sockets;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Cli;

/// <summary>What operators get wrong every day ends in one plain sentence and an exit code, never in a stack trace.</summary>
public sealed class MistakeTests : IDisposable
{
    private const string Key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    private const string AnotherKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    private readonly Idp idp = new();

    [Theory]
    [InlineData("Listen:Urls"), InlineData("Listen:Management")]
    public async Task A_port_that_is_taken(string setting)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}");
        var free = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{TestIdp.FreePort()}");
        string[] settings = setting == "Listen:Urls" ? ["--Listen:Urls", url, "--Listen:Management", ""] : ["--Listen:Urls", free, "--Listen:Management", url];
        await SaysAsync(1, $"{setting}: cannot listen on {url}: Address already in use.", settings, "serve");
    }

    [Fact]
    public async Task An_address_that_is_not_this_machines() =>
        await SaysAsync(1, "Listen:Urls: cannot listen on http://192.0.2.1:5080: ", ["--Listen:Urls", "http://192.0.2.1:5080", "--Listen:Management", ""], "serve");

    [Theory]
    [InlineData("serve"), InlineData("keys rotate"), InlineData("apply")]
    public async Task A_master_key_that_is_not_the_databases(string verb)
    {
        var people = idp.Write("people.json", """{"users":[{"userName":"alice","password":"correct horse battery","totpSecret":"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}]}""");
        Assert.Equal(0, (await idp.WithAsync(["--Secrets:MasterKey", Key], "keys", "rotate")).Code);
        Assert.Equal(0, (await idp.WithAsync(["--Secrets:MasterKey", Key], "apply", people)).Code);
        var keys = await idp.JsonAsync("keys", "list");
        await SaysAsync(4, "The master key does not open what is in this database. Set Secrets:MasterKey",
            ["--Secrets:MasterKey", AnotherKey, "--Listen:Urls", FreeUrl(), "--Listen:Management", ""], verb == "apply" ? ["apply", people] : verb.Split(' '));
        // Above all no key sealed with the wrong one, which would stop every node.
        Assert.Equal(keys.ToJsonString(), (await idp.JsonAsync("keys", "list")).ToJsonString());
    }

    [Fact]
    public async Task A_master_key_file_that_is_no_key()
    {
        idp.Write("master.key", "not a key");
        await SaysAsync(4, Path.Combine(idp.Folder, "master.key") + ": is not 32 bytes in base64", ["--Listen:Urls", FreeUrl(), "--Listen:Management", ""], "serve");
    }

    [Theory]
    [InlineData("serve"), InlineData("migrate")]
    public async Task A_folder_that_cannot_be_made(string verb)
    {
        var file = idp.Write("file", "");
        await SaysAsync(4, "A file or folder cannot be used: ", ["--DataDirectory", file + "/data", "--Storage:Database", "", "--Listen:Urls", FreeUrl(), "--Listen:Management", ""], verb);
    }

    [Theory]
    [InlineData("serve"), InlineData("migrate"), InlineData("user add alice")]
    public async Task A_database_that_cannot_be_written(string verb) => await SaysAsync(4, "The database /proc/x.db cannot be written: ",
        ["--Storage:Database", "sqlite:/proc/x.db", "--Listen:Urls", FreeUrl(), "--Listen:Management", ""], verb.Split(' '));

    [Theory]
    [InlineData("12"), InlineData("0.5")]
    public async Task A_duration_without_a_unit(string value) => await SaysAsync(4,
        $"SignIn:SessionLifetime: '{value}' is not a duration such as 00:30:00 (hours:minutes:seconds); twelve hours are 12:00:00",
        ["--SignIn:SessionLifetime", value], "check-config");

    [Theory]
    [InlineData("There is no verb 'cleint'; did you mean 'client'?", "cleint", "list")]
    [InlineData("There is no verb 'ad'; did you mean 'add'?", "client", "ad", "web")]
    [InlineData("There is no verb 'nonsense'; see: idp --help", "nonsense")]
    [InlineData("'idp client secret' needs a verb: add, list, remove.", "client", "secret")]
    [InlineData("There is no option '--redirect-url'; did you mean '--redirect-uri'?", "client", "add", "web", "--redirect-url", "https://x.example.com/")]
    [InlineData("The argument ID is missing (The client's id: ", "client", "add")]
    [InlineData("The argument NAME is missing (", "user", "remove", "--json=false")]
    [InlineData("'web2' is one argument too many; see: idp client show --help", "client", "show", "web", "web2")]
    public async Task A_word_that_is_mistyped_or_missing(string sentence, params string[] verb)
    {
        await SaysAsync(2, sentence, [], verb);
        var (_, _, error) = await idp.RunAsync(verb);
        Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task A_certificate_that_is_none()
    {
        var (certificate, key) = (idp.Write("dev.crt", "nothing"), idp.Write("dev.key", "nothing"));
        await SaysAsync(4, $"Tls: '{certificate}' and '{key}' are not a certificate and its key in PEM: ", ["--Tls:Certificate", certificate, "--Tls:Key", key], "check-config");
    }

    [Theory]
    [InlineData("Brand:Accent: 'red' is not a colour written as #rrggbb", "Accent", "red")]
    [InlineData("Brand:AccentDark: '#fff;}' is not a colour written as #rrggbb", "AccentDark", "#fff;}")]
    [InlineData("Brand:Logo: there is no file '/nowhere/logo.svg'", "Logo", "/nowhere/logo.svg")]
    [InlineData("Brand:Logo: '/nowhere/logo.gif' must be an .svg or .png file", "Logo", "/nowhere/logo.gif")]
    public async Task A_face_that_cannot_be_shown(string sentence, string setting, string value)
    {
        foreach (var verb in (string[])["check-config", "serve"])
            await SaysAsync(4, sentence, ["--Brand:" + setting, value, "--Listen:Urls", FreeUrl(), "--Listen:Management", ""], verb);
    }

    /// <summary>What the check lets pass must start.</summary>
    [Fact]
    public async Task A_logo_that_is_too_large()
    {
        var logo = idp.Write("logo.svg", new string(' ', 262_145));
        foreach (var verb in (string[])["check-config", "serve"])
            await SaysAsync(4, $"Brand:Logo: '{logo}' must have at most 256 KB", ["--Brand:Logo", logo, "--Listen:Urls", FreeUrl(), "--Listen:Management", ""], verb);
        idp.Write("logo.svg", new string(' ', 262_144));
        Assert.Equal(0, (await idp.WithAsync(["--Brand:Logo", logo], "check-config")).Code);
    }

    [Theory]
    [InlineData("28P01: password authentication failed", "Username=keyed;Password=wrong")]
    [InlineData("28000: role \"nobody\" does not exist", "Username=nobody")]
    [InlineData("3D000: database \"nowhere\" does not exist", "Database=nowhere")]
    public async Task A_PostgreSQL_that_does_not_let_us_in(string reason, string wrong)
    {
        var database = await Servers.NewPostgresDatabaseAsync();
        await Servers.KeyedRoleAsync(database, "right");
        string[] settings = ["--Storage:Database", $"{database};{wrong}", "--Secrets:MasterKey", Key, "--Listen:Urls", FreeUrl(), "--Listen:Management", ""];
        foreach (var verb in (string[])["migrate", "serve", "client list"])
            await SaysAsync(3, "The store cannot be reached: " + reason, settings, verb.Split(' '));
    }

    private async Task SaysAsync(int code, string sentence, string[] settings, params string[] verb)
    {
        var said = await idp.WithAsync(settings, verb);
        Assert.True(said.Code == code && said.Output.Length == 0 && said.Error.Contains(sentence, StringComparison.Ordinal), $"{said.Code}: {said.Output}{said.Error}");
        Assert.True(said.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length <= 2 && !said.Error.Contains("   at ", StringComparison.Ordinal), said.Error);
    }

    private static string FreeUrl() => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{TestIdp.FreePort()}");

    public void Dispose() => idp.Dispose();
}
