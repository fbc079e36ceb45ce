using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace IdP.Server.Tests.Cli;

/// <summary>What the verbs say of themselves, and that a script which asked for JSON gets nothing else.</summary>
public sealed partial class SpeakingTests : IDisposable
{
    private static readonly string[] Verbs =
    [
        "serve", "apply", "client add", "client list", "client show", "client remove", "user add", "user list", "user disable", "user enable", "user unlock", "user password",
        "user show", "user remove", "user reset-factors", "client secret add", "client secret list", "client secret remove", "audit list", "mail test",
        "keys list", "keys rotate", "keys revoke", "admin link", "migrate", "check-config",
    ];

    private readonly Idp idp = new();

    [Fact]
    public async Task Every_verb_explains_itself_and_all_it_takes()
    {
        List<string> found = [];
        Queue<string[]> groups = new([[]]);
        while (groups.TryDequeue(out var group))
        {
            var (code, output, error) = await idp.RunAsync([.. group, "--help"]);
            Assert.Equal((0, ""), (code, error));
            var sections = Sections(output);
            Assert.True(sections["Description"].Count > 0 && sections["Usage"].Count > 0, output);
            foreach (var (section, lines) in sections.Where(s => s.Key is "Arguments" or "Options" or "Commands"))
                Assert.All(lines, line => Assert.True(line.Trim().Contains("  ", StringComparison.Ordinal), $"{section} of '{string.Join(' ', group)}': {line.Trim()} has no explanation"));
            var below = sections.GetValueOrDefault("Commands", []).Select(line => line.Trim().Split(' ')[0]).ToList();
            below.ForEach(verb => groups.Enqueue([.. group, verb]));
            if (below.Count == 0)
                found.Add(string.Join(' ', group));
        }

        Assert.Equal(Verbs.Order(), found.Order());
        Assert.True(idp.IsUntouched);
    }

    [Theory]
    [InlineData(2, "no-such-verb")]
    [InlineData(2, "client")]
    [InlineData(2, "client", "add")]
    [InlineData(2, "client", "add", "web", "--colour", "red")]
    [InlineData(2, "keys", "rotate", "--alg", "HS256")]
    [InlineData(2, "user", "password", "alice")]
    [InlineData(1, "client", "show", "nobody")]
    [InlineData(1, "user", "disable", "nobody")]
    [InlineData(1, "keys", "revoke", "nothing")]
    [InlineData(4, "check-config", "--Keys:RotationDays", "abc")]
    [InlineData(3, "user", "list", "--Storage:Database", "postgres:Host=127.0.0.1;Port=1;Database=x;Username=x", "--Secrets:MasterKey", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")]
    public async Task A_failure_is_JSON_too(int expected, params string[] arguments)
    {
        await idp.RunAsync("user", "add", "alice", "--password", "correct horse battery");
        var (code, output, error) = await idp.WithAsync([], [.. arguments, "--json"]);
        Assert.Equal((expected, ""), (code, error));
        var said = Assert.IsType<JsonObject>(JsonNode.Parse(output));
        Assert.NotEmpty(said["error"]!.GetValue<string>());
        if (expected == 2 && arguments[0] != "user")
            Assert.NotEmpty(said["details"]!.AsArray());
    }

    [Theory]
    [InlineData("client", "add", "bad id", "--redirect-uri", "https://x.example.com/")]
    [InlineData("user", "add", "bob", "--password", "short")]
    [InlineData("apply", "no-such-file")]
    public async Task A_refusal_names_its_faults_in_JSON(params string[] arguments)
    {
        var (code, output, error) = await idp.RunAsync([.. arguments, "--json"]);
        Assert.Equal((1, ""), (code, error));
        Assert.All(JsonNode.Parse(output)!["faults"]!.AsArray(), fault => Assert.NotEmpty(fault!["reason"]!.GetValue<string>()));
    }

    /// <summary>Headings stand at the margin and end with a colon; what belongs to one is indented.</summary>
    private static Dictionary<string, List<string>> Sections(string help)
    {
        Dictionary<string, List<string>> sections = [];
        List<string>? current = null;
        foreach (var line in help.Split('\n').Select(line => line.TrimEnd()))
        {
            if (Heading().Match(line) is { Success: true } heading)
                sections[heading.Groups[1].Value] = current = [];
            else if (line.Length > 0)
                current?.Add(line);
        }

        return sections;
    }

    [GeneratedRegex("^([A-Z][a-z]+):$")]
    private static partial Regex Heading();

    public void Dispose() => idp.Dispose();
}
