using System.Text.Json.Nodes;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Cli;

/// <summary>The operators' tools beside a running server: it sees what they did within five seconds, on SQLite too.</summary>
public sealed class BesideAServerTests
{
    [Theory]
    [InlineData(StorePair.SqliteAndMemory)]
    [InlineData(StorePair.PostgresAndRedis)]
    public async Task A_running_server_sees_clients_come_and_go_and_keys_rotate(StorePair pair)
    {
        await using var idp = await TestIdp.StartAsync(pair);
        const string ask = "/connect/authorize?client_id=fresh&response_type=code&redirect_uri=https%3A%2F%2Ffresh.example%2Fcb&scope=openid&code_challenge_method=S256&code_challenge=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        Assert.Equal(400, (await idp.GetAsync(ask)).Status);

        Assert.Equal(0, (await idp.CliAsync("client", "add", "fresh", "--redirect-uri", "https://fresh.example/cb", "--scope", "openid")).ExitCode);
        await WithinFiveSecondsAsync(async () => (await idp.GetAsync(ask)).Status == 303);

        var keys = (await idp.GetAsync("/.well-known/jwks.json")).Body;
        Assert.Equal(0, (await idp.CliAsync("keys", "rotate", "--alg", "ES256")).ExitCode);
        await WithinFiveSecondsAsync(async () => (await idp.GetAsync("/.well-known/jwks.json")).Body != keys);

        Assert.Equal(0, (await idp.CliAsync("client", "remove", "fresh")).ExitCode);
        await WithinFiveSecondsAsync(async () => (await idp.GetAsync(ask)).Status == 400);
    }

    [Theory]
    [InlineData(StorePair.SqliteAndMemory)]
    [InlineData(StorePair.PostgresAndRedis)]
    public async Task A_running_server_sees_what_a_file_describes_and_who_was_added(StorePair pair)
    {
        await using var idp = await TestIdp.StartAsync(pair, new TestIdpOptions { Seed = new Seed(otpPeople: 1) });
        var fresh = new TestClient("fresh", "fresh-secret-of-plenty-of-characters") { Alg = "ES256" };
        Person applied = new("applied", "correct horse battery", Otp.NewSecret()), added = new("added", "another horse battery");
        // Asked before, so that the server remembers that there is no such client.
        using var early = idp.Browser();
        Assert.NotNull((await early.OpenAsync(idp.App(fresh).Ask().Url)).PersonError);

        const string contact = """{"phone_number":"+86 10 5550 0100","phone_number_verified":true,"address":{"locality":"Beijing","country":"CN"}}""";
        var file = Path.Combine(Directory.CreateTempSubdirectory("idp-apply-").FullName, "idp.json");
        await File.WriteAllTextAsync(file, $$"""
            {"clients":[{"clientId":"fresh","clientSecrets":["{{fresh.Secret}}"],"redirectUris":["{{fresh.RedirectUri}}"],"allowedScopes":["openid","phone","address"],"alwaysIncludeUserClaimsInIdToken":true}],
             "users":[{"userName":"applied","password":"{{applied.Password}}","totpSecret":"{{applied.TotpSecret}}","claims":{{contact}}}]}
            """);
        Assert.Equal(0, (await idp.CliAsync("apply", file)).ExitCode);
        Assert.Equal(0, (await idp.CliAsync("user", "add", added.UserName, "--password", added.Password)).ExitCode);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);

        foreach (var (person, acr) in new[] { (applied, "mfa"), (added, "pwd") })
        {
            using var browser = idp.Browser();
            var ask = idp.App(fresh).Ask("openid phone address");
            await WithinFiveSecondsAsync(async () => (await browser.OpenAsync(ask.Url)).At == "/sign-in");
            var tokens = (await idp.App(fresh).RedeemAsync((await idp.SignInAsync(browser, ask, person)).MustAnswer(), ask)).MustSucceed();
            var identity = await idp.ReadAsync(tokens.IdToken, "fresh");
            Assert.Equal(acr, identity.Acr);
            foreach (var (name, value) in person == applied ? JsonNode.Parse(contact)!.AsObject() : [])
            {
                Assert.True(JsonNode.DeepEquals(value, (await idp.App(fresh).UserInfoAsync(tokens.AccessToken)).Json![name]), name);
                Assert.True(JsonNode.DeepEquals(value, identity.Claims[name]), name);
            }
        }
    }

    [Theory]
    [InlineData(StorePair.SqliteAndMemory)]
    [InlineData(StorePair.PostgresAndRedis)]
    public async Task A_running_server_shuts_out_who_is_disabled_and_forgets_a_revoked_key(StorePair pair)
    {
        await using var idp = await TestIdp.StartAsync(pair, new TestIdpOptions { Seed = new Seed(otpPeople: 1) });
        var calm = idp.App(TestClient.Calm);
        using var browser = idp.Browser();
        var person = await idp.NewPersonAsync();
        var ask = calm.Ask("openid offline_access").With("prompt", "consent");
        var tokens = (await calm.RedeemAsync((await idp.SignInAsync(browser, ask, person)).MustAnswer(), ask)).MustSucceed();
        Assert.True(await calm.IsActiveAsync(tokens.AccessToken));

        Assert.Equal(0, (await idp.CliAsync("user", "disable", person.UserName)).ExitCode);
        await WithinFiveSecondsAsync(async () => !await calm.IsActiveAsync(tokens.AccessToken)
            && (await browser.OpenAsync(calm.Ask().With("prompt", "none").Url)).MustAnswer().Error == "login_required");
        Assert.Equal("invalid_grant", (await calm.RefreshAsync(tokens.RefreshToken)).Error);
        using var again = idp.Browser();
        Assert.Equal("/sign-in", (await idp.SignInAsync(again, calm.Ask(), person)).At);

        var listed = JsonNode.Parse((await idp.CliAsync("keys", "list", "--json")).Output)!.AsArray();
        var leaked = listed.Single(key => key!["alg"]!.GetValue<string>() == "ES256")!["kid"]!.GetValue<string>();
        Assert.Contains(leaked, (await idp.GetAsync("/.well-known/jwks.json")).Body, StringComparison.Ordinal);
        Assert.Equal(0, (await idp.CliAsync("keys", "revoke", leaked)).ExitCode);
        await WithinFiveSecondsAsync(async () => !(await idp.GetAsync("/.well-known/jwks.json")).Body.Contains(leaked, StringComparison.Ordinal));
        // A successor signs in the same moment.
        var robot = (await calm.PostAsync("/connect/token", new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["scope"] = "api" })).MustSucceed();
        Assert.True(await calm.IsActiveAsync(robot.AccessToken));
    }

    [Theory]
    [InlineData(StorePair.SqliteAndMemory)]
    [InlineData(StorePair.PostgresAndRedis)]
    public async Task A_running_server_sees_a_new_password_and_what_a_file_changes(StorePair pair)
    {
        await using var idp = await TestIdp.StartAsync(pair, new TestIdpOptions { Seed = new Seed(otpPeople: 1) });
        var calm = idp.App(TestClient.Calm);
        var person = await idp.NewPersonAsync();
        using var browser = idp.Browser();
        var ask = calm.Ask("openid profile offline_access").With("prompt", "consent");
        var tokens = (await calm.RedeemAsync((await idp.SignInAsync(browser, ask, person)).MustAnswer(), ask)).MustSucceed();
        Assert.Equal($"Name of {person.UserName}", (await calm.UserInfoAsync(tokens.AccessToken)).MustSucceed()["name"]);

        // Both are remembered, and both are changed in one file.
        var moved = TestClient.Calm with { RedirectUri = "https://calm.example/moved" };
        var file = await idp.WriteAsync("change.json", $$"""
            {"clients":[{"clientId":"calm","clientSecrets":["{{moved.Secret}}"],"redirectUris":["{{moved.RedirectUri}}"],"allowedScopes":["openid","profile","offline_access"],
                "allowedGrantTypes":["authorization_code","refresh_token"],"allowOfflineAccess":true}],
             "users":[{"userName":"{{person.UserName}}","name":"Another Name"}]}
            """);
        var applied = await idp.CliAsync("apply", file);
        Assert.True(applied.ExitCode == 0, applied.Output);
        await WithinFiveSecondsAsync(async () => (await calm.UserInfoAsync(tokens.AccessToken)).MustSucceed()["name"] == "Another Name"
            && (await browser.OpenAsync(calm.Ask().Url)).PersonError is not null
            && (await browser.OpenAsync(idp.App(moved).Ask().Url)).Answer?["code"] is not null);

        var fresh = person with { Password = "another horse altogether" };
        Assert.Equal(0, (await idp.CliAsync("user", "password", person.UserName, "--password", fresh.Password)).ExitCode);
        await WithinFiveSecondsAsync(async () => !await calm.IsActiveAsync(tokens.AccessToken) && (await browser.OpenAsync(idp.App(moved).Ask().Url)).At == "/sign-in");
        Assert.Equal("invalid_grant", (await calm.RefreshAsync(tokens.RefreshToken)).Error);
        using var old = idp.Browser();
        Assert.Equal("/sign-in", (await idp.SignInAsync(old, idp.App(moved).Ask(), person)).At);
        using var again = idp.Browser();
        Assert.NotNull((await idp.SignInAsync(again, idp.App(moved).Ask(), fresh)).MustAnswer()["code"]);
    }

    [Fact]
    public async Task The_link_that_was_asked_for_makes_one_administrator()
    {
        await using var idp = await TestIdp.StartAsync(StorePair.SqliteAndMemory, new TestIdpOptions { Seed = new Seed(otpPeople: 1) });
        var made = JsonNode.Parse((await idp.CliAsync("admin", "link", "--json")).Output)!;
        var link = made["link"]!.GetValue<string>();
        Assert.StartsWith(idp.Issuer + "/setup?token=", link, StringComparison.Ordinal);
        Assert.InRange(made["expiresAt"]!.GetValue<DateTimeOffset>() - TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(55), TimeSpan.FromMinutes(61));

        using var browser = idp.Browser();
        var page = await browser.VisitAsync(link);
        var root = new Person("root", "correct horse battery");
        var done = await browser.SubmitAsync(page, new Dictionary<string, string>
        {
            ["userName"] = root.UserName, ["email"] = "root@example.com", ["password"] = root.Password,
        }, "/setup");
        // What comes next stands there, and it leads to where they see that they are an administrator; others do not.
        Assert.Contains(done.Page!.QuerySelectorAll(".command"), command => command.TextContent.StartsWith("idp client add ", StringComparison.Ordinal));
        Assert.NotNull(done.Page!.QuerySelector("a[href$='/account']"));
        Assert.NotNull((await idp.PassAsync(browser, await browser.VisitAsync("/account"), root)).Page!.QuerySelector("[data-admin]"));
        using var other = idp.Browser();
        Assert.Null((await idp.PassAsync(other, await other.VisitAsync("/account"), idp.WithOtp())).Page!.QuerySelector("[data-admin]"));
        var users = JsonNode.Parse((await idp.CliAsync("user", "list", "--json")).Output)!.AsArray();
        Assert.Single(users, user => user!["isAdmin"]!.GetValue<bool>() && user["userName"]!.GetValue<string>() == "root");
        Assert.Empty((await browser.VisitAsync(link)).Page!.QuerySelectorAll("input[name=password]"));
    }

    [Theory]
    [InlineData(StorePair.SqliteAndMemory, "Another node is already serving from ")]
    [InlineData(StorePair.PostgresAndRedis, "Another node is already serving from this PostgreSQL database, and this one keeps its state in memory")]
    public async Task A_second_node_that_would_not_share_its_state_says_so_in_a_sentence(StorePair pair, string sentence)
    {
        await using var idp = await TestIdp.StartAsync(pair, new TestIdpOptions { Seed = new Seed(otpPeople: 1), Settings = new Dictionary<string, string> { ["Storage:Ephemeral"] = "memory" } });
        var (code, output) = await idp.CliAsync("serve");
        Assert.Equal(1, code);
        Assert.Contains(sentence, output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    private static async Task WithinFiveSecondsAsync(Func<Task<bool>> holds)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(5), "not seen within five seconds");
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
    }
}
