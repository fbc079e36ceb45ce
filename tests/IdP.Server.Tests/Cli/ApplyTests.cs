namespace IdP.Server.Tests.Cli;

public sealed class ApplyTests : IDisposable
{
    private const string Yaml = """
        scopes:
          - name: api
            audience: api
        clients:
          - clientId: web
            clientSecrets: ["tests-9fK2xQ7vLm4Zr8Wd1Hc3"]
            allowedGrantTypes: [authorization_code, refresh_token]
            allowOfflineAccess: true
            redirectUris: ["https://web.example.com/callback"]
            allowedScopes: [openid, profile, api, offline_access]
            accessTokenLifetime: 600
            bindOnDemand: false
            minimumFactorAge: 86400
        users:
          - userName: alice
            email: alice@example.com
            name: Alice
            password: "correct horse battery"
            totpSecret: JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP
        """;

    private const string Json = """
        {"scopes":[{"name":"api","audience":"api"}],
         "clients":[{"clientId":"web","clientSecrets":[{"value":"tests-9fK2xQ7vLm4Zr8Wd1Hc3"}],"allowedGrantTypes":["authorization_code","refresh_token"],
           "allowOfflineAccess":true,"redirectUris":["https://web.example.com/callback"],"allowedScopes":["openid","profile","api","offline_access"],"accessTokenLifetime":600,
           "bindOnDemand":false,"minimumFactorAge":86400}],
         "users":[{"userName":"Alice ","email":"alice@example.com","name":"Alice","password":"correct horse battery","totpSecret":"jbsw y3dp ehpk 3pxp jbsw y3dp ehpk 3pxp"}]}
        """;

    private readonly Idp idp = new();

    [Fact]
    public async Task A_file_is_applied_once_and_then_unchanged_also_in_the_other_language()
    {
        var yaml = idp.Write("idp.yaml", Yaml);
        var first = await idp.RunAsync("apply", yaml);
        Assert.Equal((0, ""), (first.Code, first.Error));
        Assert.Contains("3 added, 0 changed, 0 unchanged", first.Output, StringComparison.Ordinal);

        var again = await idp.RunAsync("apply", yaml);
        Assert.Contains("0 added, 0 changed, 3 unchanged", again.Output, StringComparison.Ordinal);

        // The same in JSON, with the name and the OTP secret spelt otherwise: one member of one person differs.
        var json = await idp.JsonAsync("apply", idp.Write("idp.json", Json.Replace("\"Alice \"", "\"alice\"", StringComparison.Ordinal)), "--dry-run");
        Assert.All(json["changes"]!.AsArray(), c => Assert.Equal("unchanged", c!["action"]!.GetValue<string>()));
        Assert.Equal("totp", (await idp.JsonAsync("user", "list"))[0]!["factors"]![0]!.GetValue<string>());
        var client = await idp.ClientAsync("web");
        Assert.Equal((false, 86_400), (client["bindOnDemand"]!.GetValue<bool>(), client["minimumFactorAge"]!.GetValue<int>()));
    }

    [Fact]
    public async Task A_dry_run_names_what_differs_and_changes_nothing()
    {
        await idp.RunAsync("apply", idp.Write("idp.yaml", Yaml));
        var before = await idp.StateAsync();
        var changed = idp.Write("changed.yaml", Yaml.Replace("600", "700", StringComparison.Ordinal).Replace("name: Alice", "name: Alicia", StringComparison.Ordinal)
            .Replace("correct horse", "another horse", StringComparison.Ordinal).Replace("JBSWY3DP", "KRSXG5DT", StringComparison.Ordinal));
        var (code, output, _) = await idp.RunAsync("apply", changed, "--dry-run");
        Assert.Equal(0, code);
        Assert.Contains("client web: change (accessTokenLifetime)", output, StringComparison.Ordinal);
        Assert.Contains("user alice: change (name, password, totpSecret)", output, StringComparison.Ordinal);
        Assert.Equal(before, await idp.StateAsync());

        Assert.Contains("0 added, 2 changed, 1 unchanged", (await idp.RunAsync("apply", changed)).Output, StringComparison.Ordinal);
        Assert.Contains("0 added, 0 changed, 3 unchanged", (await idp.RunAsync("apply", changed)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secrets_left_out_stay_and_people_not_named_are_left_alone()
    {
        await idp.RunAsync("apply", idp.Write("idp.yaml", Yaml));
        await idp.RunAsync("user", "add", "bob", "--password", "correct horse battery");
        var (code, output, error) = await idp.RunAsync("apply", idp.Write("less.yaml", """
            clients: [{clientId: web, redirectUris: ["https://web.example.com/callback"], allowedScopes: [openid]}]
            """));
        Assert.Equal((0, ""), (code, error));
        Assert.DoesNotContain("clientSecrets", output, StringComparison.Ordinal);
        Assert.Single((await idp.JsonAsync("client", "list"))[0]!["clientSecrets"]!.AsArray());
        Assert.Equal(2, (await idp.JsonAsync("user", "list")).AsArray().Count);
    }

    [Theory]
    [InlineData("\"2027-01-31T00:00:00Z\""), InlineData("2027-01-31T00:00:00Z"), InlineData("2027-01-31"), InlineData("2027-01-31T00:00:00")]
    [InlineData("2027-01-31T08:00:00+08:00")]
    public async Task A_time_in_YAML_is_read_as_in_JSON(string time)
    {
        await idp.RunAsync("apply", idp.Write("idp.json", """
            {"bindingPolicies":[{"name":"all","everyone":true,"from":"2027-01-31T00:00:00Z"}]}
            """));
        var (code, output, error) = await idp.RunAsync("apply", idp.Write("idp.yaml", $"""
            bindingPolicies:
              - name: all
                everyone: true
                from: {time}
            """));
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("0 changed, 1 unchanged", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("web.yaml"), InlineData("web.json", "--json")]
    public async Task What_show_prints_can_be_applied(string name, params string[] form)
    {
        await idp.RunAsync("apply", idp.Write("idp.yaml", Yaml.Replace("clientId: web", "clientId: web\n    clientName: \"网 \\\"& : #\"", StringComparison.Ordinal)));
        var shown = await idp.RunAsync(["client", "show", "web", .. form]);
        Assert.DoesNotContain("sha256", shown.Output, StringComparison.OrdinalIgnoreCase);
        var (code, output, error) = await idp.RunAsync("apply", idp.Write(name, shown.Output));
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("client web: unchanged", output, StringComparison.Ordinal);
        output = (await idp.RunAsync("apply", idp.Write(name, shown.Output.Replace(": 600", ": 700", StringComparison.Ordinal)))).Output;
        Assert.Contains("client web: change (accessTokenLifetime)", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ES256")]
    [InlineData("RS256")]
    public async Task A_client_keeps_the_algorithm_that_its_file_leaves_out(string alg)
    {
        await idp.RunAsync("client", "add", "web", "--redirect-uri", "https://web.example.com/callback", "--alg", alg);
        var (_, output, _) = await idp.RunAsync("apply", idp.Write("idp.yaml", Yaml));
        Assert.DoesNotContain("idTokenSigningAlg", output, StringComparison.Ordinal);
        Assert.Equal(alg, (await idp.ClientAsync("web"))["idTokenSigningAlg"]!.GetValue<string>());

        await idp.RunAsync("apply", idp.Write("named.yaml", Yaml.Replace("accessTokenLifetime: 600", "idTokenSigningAlg: ES256", StringComparison.Ordinal)));
        Assert.Equal("ES256", (await idp.ClientAsync("web"))["idTokenSigningAlg"]!.GetValue<string>());
    }

    /// <summary>Nobody calls them: an operator who could write them would count on it.</summary>
    [Theory]
    [InlineData("backChannelLogoutUri")]
    [InlineData("frontChannelLogoutUri")]
    public async Task An_address_that_nothing_calls_yet_is_refused(string member)
    {
        var file = Yaml.Replace("accessTokenLifetime: 600", member + ": https://web.example.com/out", StringComparison.Ordinal);
        var (code, _, error) = await idp.RunAsync("apply", idp.Write("idp.yaml", file));
        Assert.Equal(1, code);
        Assert.Contains($"clients[0].{member}: cannot be used yet", error, StringComparison.Ordinal);
    }

    /// <summary>OIDC Core §5.1.1: other types would reach apps as they were written.</summary>
    [Theory]
    [InlineData("phone_number: 861055500100", "claims.phone_number: must be text (in quotes)")]
    [InlineData("phone_number_verified: \"yes\"", "claims.phone_number_verified: must be true or false")]
    [InlineData("address: 1 Example Road", "claims.address: must be an object")]
    [InlineData("address: {city: Beijing}", "claims.address.city: there is no such member; known here: formatted, street_address, locality")]
    [InlineData("address: {postal_code: 100000}", "claims.address.postal_code: must be text (in quotes)")]
    public async Task A_contact_claim_of_another_type_is_refused(string claim, string fault)
    {
        var (code, _, error) = await idp.RunAsync("apply", idp.Write("idp.yaml", "users: [{userName: alice, claims: {" + claim + "}}]"));
        Assert.Equal(1, code);
        Assert.Contains("users[0]." + fault, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_faults_are_told_at_once_with_their_paths_and_nothing_is_changed()
    {
        var file = idp.Write("bad.yaml", """
            scope: []
            scopes: [{name: "with space"}, {name: openid}, {name: odd, claims: [nickname, acr]}]
            clients:
              - clientId: good
                requireClientSecret: false
                redirectUris: ["https://good.example.com/"]
              - clientId: "bad id"
                clientSecrets: [short, {value: "tests-9fK2xQ7vLm4Zr8Wd1Hc3", expires: 2030-01-01}]
                redirectUri: ["https://x.example.com/"]
                redirectUris: ["https://x.example.com/", "http://x.example.com/", "https://*.example.com/", "https://x.example.com/#f", "javascript:alert(1)", "/relative", "https://u:p@x.example.com/", "com.example.app:/cb"]
                allowedGrantTypes: [authorization_code, password]
                allowedScopes: [openid, nowhere]
                idTokenSigningAlg: none
                minimumAcr: gold
                secondFactorPolicy: Always
                accessTokenLifetime: 86401
                requirePkce: "yes"
              - clientId: spa
                requireClientSecret: false
                requirePkce: false
                clientSecrets: ["tests-9fK2xQ7vLm4Zr8Wd1Hc3"]
                redirectUris: ["com.example.app:/cb", 7]
            users:
              - {userName: "", password: short}
              - {userName: alice, email: "not an address", totpSecret: "JBSWY3DP", paswword: "correct horse battery"}
              - {userName: ALICE}
              - {email: nobody@example.com}
              - {userName: mallory, claims: {nickname: mal, sub: another, auth_time: 0}}
              - {userName: trudy, password: iloveyou}
            """);
        var (code, _, error) = await idp.RunAsync("apply", file);
        Assert.Equal(1, code);
        string[] expected =
        [
            "scope: there is no such member; did you mean 'scopes'?", "scopes[0].name:", "scopes[1].name:", "clients[1].clientId:", "clients[1].clientSecrets[0]: has 5 characters",
            "clients[1].clientSecrets[1].expires: there is no such member", "clients[1].redirectUri: there is no such member; did you mean 'redirectUris'?",
            "clients[1].redirectUris[1]:", "clients[1].redirectUris[2]:", "clients[1].redirectUris[3]:", "clients[1].redirectUris[4]:", "clients[1].redirectUris[5]:", "clients[1].redirectUris[6]:",
            "clients[1].redirectUris[7]:", "clients[1].allowedGrantTypes[1]: 'password'", "clients[1].allowedScopes[1]: 'nowhere'", "clients[1].idTokenSigningAlg: 'none'",
            "clients[1].minimumAcr: 'gold'", "clients[1].secondFactorPolicy: 'Always'", "clients[1].accessTokenLifetime: 86401", "clients[1].requirePkce: must be true or false",
            "clients[2].requirePkce:", "clients[2].clientSecrets:", "clients[2].redirectUris[1]: must be text", "users[0].userName:", "users[0].password: has 5 characters",
            "users[1].email: 'not an address'", "users[1].totpSecret:", "users[1].paswword: there is no such member; did you mean 'password'?", "users: userName 'alice' appears more than once",
            "users[3].userName: is missing", "users[5].password: is among the ones that are used most", "scopes[2].claims: 'acr'", "users[4].claims: 'sub'", "users[4].claims: 'auth_time'",
        ];
        Assert.All(expected, fault => Assert.Contains(fault, error, StringComparison.Ordinal));
        Assert.Equal(expected.Length, error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length - 1);
        Assert.True(idp.IsUntouched);
    }

    [Theory]
    [InlineData("a.json", "{\"clients\": [}", "line 1, column")]
    [InlineData("a.json", "{\"clients\": [], \"clients\": []}", "not valid JSON")]
    [InlineData("a.yaml", "clients:\n  - a: ]", "line 2, column")]
    [InlineData("a.yaml", "clients: &a\n  - *a\n", "not valid YAML")]
    [InlineData("a.yaml", "just words", "must be an object")]
    public async Task A_file_that_cannot_be_read_says_where(string name, string content, string where)
    {
        var (code, _, error) = await idp.RunAsync("apply", idp.Write(name, content));
        Assert.Equal(1, code);
        Assert.Contains(where, error, StringComparison.Ordinal);
    }

    public void Dispose() => idp.Dispose();
}
