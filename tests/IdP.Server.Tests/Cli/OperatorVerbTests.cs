using System.Globalization;
using System.Text.Json.Nodes;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Cli;

/// <summary>What operators see, and what they do when somebody calls.</summary>
public sealed class OperatorVerbTests : IDisposable
{
    private const string Password = "correct horse battery";

    private readonly Idp idp = new();

    [Fact]
    public async Task The_audit_list_is_narrowed_by_its_filters()
    {
        await DoAsync("user", "add", "alice", "--password", Password);
        await DoAsync("user", "disable", "alice");
        await DoAsync("user", "add", "bob", "--password", Password);
        await DoAsync("client", "add", "web", "--redirect-uri", "https://web.example.com/cb");

        Assert.Equal(["user-added", "user-disabled", "user-added", "client-added"], await ActionsAsync());
        Assert.Equal(["user-added", "user-disabled"], await ActionsAsync("--user", "ALICE"));
        Assert.Equal(["client-added"], await ActionsAsync("--client", "web"));
        Assert.Equal(["user-added", "user-added"], await ActionsAsync("--action", "user-added"));
        Assert.Equal(["user-disabled", "client-added"], await ActionsAsync("--action", "user-d*", "--action", "client-added"));
        Assert.Equal(["client-added"], await ActionsAsync("--limit", "1"));
        Assert.Empty(await ActionsAsync("--until", "2020-01-01"));
        Assert.Equal(4, (await ActionsAsync("--since", "1h")).Count);
        Assert.Empty(await ActionsAsync("--address", "192.0.2.1"));
        // Signs of SQL patterns stand for themselves.
        Assert.Empty(await ActionsAsync("--action", "user_added"));
        Assert.Empty(await ActionsAsync("--action", "%"));

        var text = (await idp.RunAsync("audit", "list", "--user", "alice")).Output;
        Assert.Matches(@"user-disabled\s+alice\s+cli", text);
        foreach (var bad in (string[][])[["--since", "soon"], ["--limit", "0"], ["--user", "nobody"]])
            Assert.Equal(1, (await idp.RunAsync(["audit", "list", .. bad])).Code);
    }

    [Fact]
    public async Task The_audit_list_goes_on_with_what_happens()
    {
        await DoAsync("user", "add", "alice", "--password", Password);
        await using var following = new ChildProcess(
            Path.Combine(AppContext.BaseDirectory, "idp"), ["audit", "list", "--follow", "--json", .. idp.Settings]);
        await following.SaysAsync("user-added");
        await DoAsync("user", "disable", "alice");
        await following.SaysAsync("user-disabled");
        var lines = following.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["user-added", "user-disabled"], lines.Select(line => JsonNode.Parse(line)!["action"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Somebody_is_shown_with_their_factors_and_what_happened()
    {
        await DoAsync("apply", idp.Write("idp.yaml", $$"""
            users: [{userName: alice, email: alice@example.com, password: {{Password}}, totpSecret: JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP, groups: [staff]}]
            """));
        var shown = await idp.JsonAsync("user", "show", "alice");
        Assert.Equal("totp", shown["bindings"]![0]!["factor"]!.GetValue<string>());
        Assert.Equal("user-added", shown["events"]![0]!["action"]!.GetValue<string>());
        Assert.True(shown["hasPassword"]!.GetValue<bool>());
        var text = (await idp.RunAsync("user", "show", "alice")).Output;
        Assert.Contains("totp, bound ", text, StringComparison.Ordinal);
        Assert.DoesNotContain("JBSWY3DP", text + shown.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(1, (await idp.RunAsync("user", "show", "nobody")).Code);
    }

    [Fact]
    public async Task Factors_are_reset_once_and_somebody_who_was_removed_is_found_in_the_audit()
    {
        await DoAsync("apply", idp.Write("idp.yaml", "users: [{userName: alice, totpSecret: JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP}]"));
        Assert.Equal(1, (await idp.JsonAsync("user", "reset-factors", "alice"))["removed"]!.GetValue<int>());
        Assert.Empty((await idp.JsonAsync("user", "show", "alice"))["bindings"]!.AsArray());
        var rows = await ActionsAsync();
        Assert.Contains("nothing was changed", (await idp.RunAsync("user", "reset-factors", "alice")).Output, StringComparison.Ordinal);
        Assert.Equal(rows, await ActionsAsync());

        await DoAsync("user", "remove", "alice");
        Assert.Equal(1, (await idp.RunAsync("user", "show", "alice")).Code);
        Assert.Equal("user-removed", (await ActionsAsync("--user", "alice"))[^1]);
        await DoAsync("user", "add", "alice", "--password", Password);
        Assert.Equal(["user-added"], await ActionsAsync("--user", "alice"));
    }

    [Fact]
    public async Task A_client_changes_over_to_a_further_secret()
    {
        await DoAsync("client", "add", "web", "--redirect-uri", "https://web.example.com/cb");
        var added = await idp.JsonAsync("client", "secret", "add", "web", "--description", "from May", "--expires", "90d");
        Assert.Equal(43, added["clientSecret"]!.GetValue<string>().Length);
        var listed = (await idp.JsonAsync("client", "secret", "list", "web")).AsArray();
        Assert.Equal(2, listed.Count);
        Assert.Equal((added["secret"]!.GetValue<string>(), "from May"), (listed[1]!["secret"]!.GetValue<string>(), listed[1]!["description"]!.GetValue<string>()));
        Assert.InRange(listed[1]!["expiresAt"]!.GetValue<DateTimeOffset>() - TimeProvider.System.GetUtcNow(), TimeSpan.FromDays(89), TimeSpan.FromDays(90));

        var old = listed[0]!["secret"]!.GetValue<string>();
        await DoAsync("client", "secret", "remove", "web", old);
        Assert.Contains("no secret", (await idp.RunAsync("client", "secret", "remove", "web", old)).Error, StringComparison.Ordinal);
        Assert.Contains("is the last one", (await idp.RunAsync("client", "secret", "remove", "web", listed[1]!["secret"]!.GetValue<string>())).Error, StringComparison.Ordinal);
        Assert.Single((await idp.JsonAsync("client", "secret", "list", "web")).AsArray());
    }

    [Fact]
    public async Task A_secret_that_cannot_be_is_refused()
    {
        await DoAsync("client", "add", "app", "--public", "--redirect-uri", "https://app.example.com/cb");
        await DoAsync("client", "add", "web", "--redirect-uri", "https://web.example.com/cb");
        var before = await idp.StateAsync();
        Assert.Contains("has no secrets", (await idp.RunAsync("client", "secret", "add", "app")).Error, StringComparison.Ordinal);
        Assert.Equal(1, (await idp.RunAsync("client", "secret", "add", "nobody")).Code);
        Assert.Equal(1, (await idp.RunAsync("client", "secret", "add", "web", "--expires", "2020-01-01")).Code);
        Assert.Equal(1, (await idp.TypeAsync("short\n", "client", "secret", "add", "web", "--secret-stdin")).Code);
        Assert.Equal(before, await idp.StateAsync());

        var typed = "Xk7-pQ2w9Zr4-mB8v3Nt6-cJ5h1Ls0\n";
        Assert.Equal(0, (await idp.TypeAsync(typed, "client", "secret", "add", "web", "--secret-stdin")).Code);
        Assert.Contains("has this secret already", (await idp.TypeAsync(typed, "client", "secret", "add", "web", "--secret-stdin")).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("250 fine", 0, "The mail server took the mail for someone@elsewhere.example")]
    [InlineData("550 no such mailbox", 1, "The mail was refused")]
    [InlineData("451 come back later", 1, "The mail was not taken now")]
    public async Task Mail_is_tried_out_and_the_server_is_quoted(string answer, int code, string sentence)
    {
        using var smtp = new ScriptedSmtp(command => command switch
        {
            "CONNECT" => "220 mail",
            _ when command.StartsWith("RCPT", StringComparison.Ordinal) => answer,
            "DATA" => "354 go on",
            _ => "250 fine",
        });
        string[] mail = ["--Mail:Host", "127.0.0.1", "--Mail:Port", smtp.Port.ToString(CultureInfo.InvariantCulture), "--Mail:Security", "None", "--Mail:From", "idp@example.com"];
        var said = await idp.WithAsync(mail, "mail", "test", "someone@elsewhere.example");
        Assert.True(said.Code == code, said.Output + said.Error);
        Assert.Contains(sentence, said.Output + said.Error, StringComparison.Ordinal);
        Assert.Equal(["mail-tested"], await ActionsAsync());
        Assert.Contains("Mail:Host is not set", (await idp.RunAsync("mail", "test", "someone@elsewhere.example")).Error, StringComparison.Ordinal);
    }

    private async Task DoAsync(params string[] verb)
    {
        var (code, output, error) = await idp.RunAsync(verb);
        Assert.True(code == 0, output + error);
    }

    private async Task<List<string>> ActionsAsync(params string[] filter) =>
        [.. (await idp.JsonAsync(["audit", "list", .. filter])).AsArray().Select(row => row!["action"]!.GetValue<string>()).Where(action => action != "key-made")];

    public void Dispose() => idp.Dispose();
}
