using System.Text.Json.Nodes;

namespace IdP.Server.Tests.Cli;

public sealed class VerbTests : IDisposable
{
    private readonly Idp idp = new();

    [Fact]
    public async Task A_confidential_client_gets_a_secret_that_is_shown_once()
    {
        var (code, output, error) = await idp.RunAsync("client", "add", "web", "--redirect-uri", "https://web.example.com/cb");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("https://id.example.com/.well-known/openid-configuration", output, StringComparison.Ordinal);
        var secret = output.Split("client secret")[1].Trim().Split('\n')[0].Trim();
        Assert.Equal(43, secret.Length);
        var shown = (await idp.ClientAsync("web"));
        Assert.DoesNotContain(secret, shown.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("RS256", shown["idTokenSigningAlg"]!.GetValue<string>());
        await idp.RunAsync("client", "add", "cheap", "--redirect-uri", "https://web.example.com/cb", "--alg", "ES256");
        Assert.Equal("ES256", (await idp.ClientAsync("cheap"))["idTokenSigningAlg"]!.GetValue<string>());

        Assert.Equal(1, (await idp.RunAsync("client", "add", "web", "--redirect-uri", "https://web.example.com/cb")).Code);
        Assert.Equal(0, (await idp.RunAsync("client", "remove", "web")).Code);
        Assert.Equal(1, (await idp.RunAsync("client", "show", "web")).Code);
        Assert.Equal(1, (await idp.RunAsync("client", "remove", "web")).Code);
    }

    [Fact]
    public async Task An_app_with_something_to_protect_takes_factors_of_an_age()
    {
        var (_, output, _) = await idp.RunAsync("client", "add", "web", "--redirect-uri", "https://web.example.com/cb");
        Assert.Contains("--minimum-acr mfa --minimum-factor-age 86400", output, StringComparison.Ordinal);
        var shown = await idp.ClientAsync("web");
        Assert.True(shown["bindOnDemand"]!.GetValue<bool>());
        Assert.Null(shown["minimumFactorAge"]);

        (_, output, _) = await idp.RunAsync("client", "add", "bank", "--redirect-uri", "https://bank.example.com/cb", "--minimum-acr", "mfa", "--minimum-factor-age", "86400");
        Assert.DoesNotContain("--minimum-factor-age", output, StringComparison.Ordinal);
        Assert.Equal(86_400, (await idp.ClientAsync("bank"))["minimumFactorAge"]!.GetValue<int>());
        await idp.RunAsync("client", "add", "old", "--redirect-uri", "https://old.example.com/cb", "--no-bind-on-demand");
        Assert.False((await idp.ClientAsync("old"))["bindOnDemand"]!.GetValue<bool>());
    }

    [Theory]
    [InlineData("web", "authorization_code", true, "", "--redirect-uri", "https://a.example.com/cb")]
    [InlineData("spa", "authorization_code refresh_token", false, "https://a.example.com http://localhost:3000", "--redirect-uri", "https://a.example.com/cb",
        "--redirect-uri", "https://a.example.com/silent", "--redirect-uri", "http://localhost:3000/cb")]
    [InlineData("spa", "authorization_code refresh_token", false, "https://b.example.com", "--redirect-uri", "https://a.example.com/cb", "--cors-origin", "https://b.example.com")]
    [InlineData("native", "authorization_code refresh_token", false, "", "--redirect-uri", "com.example.app:/cb", "--redirect-uri", "http://127.0.0.1/cb")]
    [InlineData("machine", "client_credentials", true, "")]
    public async Task A_profile_sets_what_its_kind_needs(string profile, string grants, bool secret, string origins, params string[] more)
    {
        var (code, output, error) = await idp.RunAsync(["client", "add", "x", "--profile", profile, .. more]);
        Assert.True(code == 0, error);
        Assert.Equal(secret, output.Contains("client secret", StringComparison.Ordinal));
        var shown = await idp.ClientAsync("x");
        Assert.Equal((grants, origins), (Words(shown["allowedGrantTypes"]), Words(shown["allowedCorsOrigins"])));
        Assert.Equal((secret, true), (shown["requireClientSecret"]!.GetValue<bool>(), shown["requirePkce"]!.GetValue<bool>()));

        static string Words(JsonNode? list) => string.Join(' ', list!.AsArray().Select(item => item!.GetValue<string>()));
    }

    [Theory]
    [InlineData("--public", "--profile", "web", "--public", "--redirect-uri", "https://x.example.com/")]
    [InlineData("--secret-stdin", "--profile", "spa", "--secret-stdin", "--redirect-uri", "https://x.example.com/")]
    [InlineData("--redirect-uri", "--profile", "machine", "--redirect-uri", "https://x.example.com/")]
    [InlineData("requirePkce", "--profile", "native", "--no-pkce", "--redirect-uri", "com.example.app:/cb")]
    [InlineData("allowedCorsOrigins[0]", "--profile", "spa", "--cors-origin", "https://x.example.com/", "--redirect-uri", "https://x.example.com/")]
    public async Task A_profile_that_is_contradicted_is_refused(string path, params string[] arguments)
    {
        var (code, _, error) = await idp.TypeAsync("a-secret-of-the-tests-1\n", ["client", "add", "x", .. arguments]);
        Assert.Equal(1, code);
        Assert.Contains(path + ":", error, StringComparison.Ordinal);
        Assert.Equal("[]", (await idp.JsonAsync("client", "list")).ToJsonString());
    }

    [Theory]
    [InlineData("minimumFactorAge", "x", "--redirect-uri", "https://x.example.com/", "--minimum-factor-age", "-1")]
    [InlineData("clientId", "bad id", "--redirect-uri", "https://x.example.com/")]
    [InlineData("redirectUris", "x")]
    [InlineData("requirePkce", "x", "--public", "--no-pkce", "--redirect-uri", "https://x.example.com/")]
    [InlineData("allowedScopes[0]", "x", "--grant", "client_credentials", "--scope", "nowhere")]
    public async Task A_client_with_a_fault_is_refused(string path, params string[] arguments)
    {
        var (code, _, error) = await idp.RunAsync(["client", "add", .. arguments]);
        Assert.Equal(1, code);
        Assert.Contains(path + ":", error, StringComparison.Ordinal);
        Assert.Equal("[]", (await idp.JsonAsync("client", "list")).ToJsonString());
    }

    [Fact]
    public async Task People_are_added_shut_out_and_let_in_again()
    {
        Assert.Equal(0, (await idp.TypeAsync("correct horse battery\n", "user", "add", "alice", "--email", "alice@example.com", "--password-stdin")).Code);
        Assert.Equal(1, (await idp.RunAsync("user", "add", "ALICE", "--password", "correct horse battery")).Code);
        Assert.Equal(1, (await idp.RunAsync("user", "add", "bob", "--password", "short")).Code);
        Assert.Contains("used most", (await idp.RunAsync("user", "add", "bob", "--password", "12345678")).Error, StringComparison.Ordinal);
        Assert.Contains("own name", (await idp.RunAsync("user", "password", "alice", "--password", "alice@example")).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await idp.RunAsync("user", "disable", "alice")).Code);
        Assert.True((await idp.JsonAsync("user", "list"))[0]!["disabled"]!.GetValue<bool>());
        Assert.Equal(0, (await idp.RunAsync("user", "enable", "alice")).Code);
        Assert.False((await idp.JsonAsync("user", "list"))[0]!["disabled"]!.GetValue<bool>());
        Assert.Equal(0, (await idp.TypeAsync("another horse battery\n", "user", "password", "alice", "--password-stdin")).Code);
        Assert.Equal(2, (await idp.RunAsync("user", "password", "alice")).Code);
        Assert.Equal(0, (await idp.RunAsync("user", "unlock", "ALICE")).Code);
        Assert.Equal(1, (await idp.RunAsync("user", "unlock", "nobody")).Code);
        Assert.Equal(1, (await idp.RunAsync("user", "disable", "nobody")).Code);
    }

    [Theory]
    [InlineData(2, "client", "add")]
    [InlineData(2, "no-such-verb")]
    [InlineData(2, "keys", "rotate", "--alg", "HS256")]
    [InlineData(0, "--help")]
    [InlineData(0, "migrate")]
    [InlineData(0, "check-config")]
    [InlineData(4, "check-config", "--Keys:RotationDays", "abc")]
    [InlineData(3, "migrate", "--Storage:Database", "postgres:Host=127.0.0.1;Port=1;Database=x;Username=x", "--Secrets:MasterKey", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")]
    public async Task Scripts_can_rely_on_exit_codes(int expected, params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        var code = await Program.RunAsync([.. idp.Settings, .. arguments], new(TextReader.Null, output, error));
        Assert.Equal((expected, expected == 0), (code, error.ToString().Length == 0));
    }

    [Fact]
    public async Task All_configuration_faults_are_told_at_once_and_quote_the_value()
    {
        using StringWriter output = new(), error = new();
        var code = await Program.RunAsync(
            ["check-config", "--Issuer", "http://id.example.com/", "--Listen:Urls", "nonsense", "--Storage:Database", "postgres://idp:hunter2@db/idp", "--Storage:Ephemeral", "disk", "--Secrets:MasterKey", "c2hvcnQtYnV0LXNlY3JldA==",
             "--Proxies:Known", "10.0.0.0/8,proxy", "--Acr:Names:urn:x:gold", "gold", "--SignIn:Patience", "soon", "--Keys:AnnounceDays", "91", "--Isuer", "x", "--Tls:Key", "/no/such/file"],
            new(TextReader.Null, output, error));
        Assert.Equal(4, code);
        string[] expected =
        [
            "Issuer: 'http://id.example.com/'", "'nonsense'", "'postgres...'", "'disk'", "Secrets:MasterKey: is not 32 bytes", "'proxy'", "Acr:Names:urn:x:gold: 'gold'", "'soon'",
            "Keys:AnnounceDays: 91", "Isuer: there is no such setting", "Tls: Tls:Certificate and Tls:Key go together", "'/no/such/file'",
        ];
        Assert.All(expected, fault => Assert.Contains(fault, error.ToString(), StringComparison.Ordinal));
        Assert.Equal(expected.Length + 1, error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.DoesNotContain("c2hvcnQ", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, "https://example.com/id"), InlineData(4, "http://localhost:5080/auth"), InlineData(4, "https://example.com/%41"), InlineData(0, "https://example.com"), InlineData(0, "http://[::1]:5080")]
    public async Task An_issuer_has_a_host_of_its_own_and_no_path(int expected, string issuer)
    {
        var (code, _, error) = await idp.WithAsync(["--Issuer", issuer], "check-config");
        Assert.Equal(expected, code);
        Assert.Equal(expected == 4, error.Contains($"Issuer: '{issuer}' must not have a path: this server answers at the root of its host; give it a host name of its own", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(4, "http://localhost:5080,http://*:9000", "http://127.0.0.1:9000")]
    [InlineData(4, "http://localhost", "http://127.0.0.1:80")]
    [InlineData(0, "http://localhost:5080", "http://127.0.0.1:9000")]
    [InlineData(0, "http://localhost:0", "http://127.0.0.1:0")]
    [InlineData(0, "http://localhost:9000", "")]
    public async Task The_management_listener_has_a_port_of_its_own(int expected, string urls, string management)
    {
        var (code, _, error) = await idp.RunAsync("check-config", "--Listen:Urls", urls, "--Listen:Management", management);
        Assert.Equal(expected, code);
        Assert.Equal(expected == 4, error.Contains($"Listen:Management: '{management}' has the port of", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(4, "0"), InlineData(4, "91"), InlineData(4, "-30"), InlineData(0, "1"), InlineData(0, "90")]
    public async Task A_device_is_trusted_for_one_to_ninety_days(int expected, string days)
    {
        var (code, _, error) = await idp.RunAsync("check-config", "--TrustedDevices:Days", days);
        Assert.Equal(expected, code);
        Assert.Equal(expected == 4, error.Contains($"TrustedDevices:Days: '{days}' must be between 1 and 90", StringComparison.Ordinal));
    }

    public void Dispose() => idp.Dispose();
}
