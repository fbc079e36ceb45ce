using System.Diagnostics;
using System.Globalization;
using IdP.Server.Tests.Cli;
using IdP.Server.Tests.Hosting;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Docs;

/// <summary>The code blocks of the README and of docs/ are typed as they stand, one after the other, by somebody who has nothing yet.</summary>
public sealed class CodeBlockTests : IAsyncLifetime
{
    /// <summary>Where the README lets a published build be put.</summary>
    private const string Published = "/opt/idp";

    private readonly Idp idp = new();
    private readonly List<ChildProcess> servers = [];
    private string build = AppContext.BaseDirectory;

    [Fact]
    public async Task Every_block_of_the_pages_does_what_it_says()
    {
        var blocks = Blocks().ToList();
        Assert.True(blocks.Count(block => block.Page == "README.md") >= 8, "the fences are not read any more");
        foreach (var block in blocks)
            await RunAsync(block);
    }

    /// <summary>The same with a build that is really published.</summary>
    [Fact, Thorough]
    public async Task The_published_build_does_what_its_block_says()
    {
        build = Path.Combine(idp.Folder, "published");
        var block = Assert.Single(Blocks(), block => block.Text.Contains("dotnet publish", StringComparison.Ordinal));
        var publish = block.Commands.First().Select(word => word == Published ? build : word).ToArray();
        using var process = Process.Start(new ProcessStartInfo(publish[0], [.. publish[1..], "-nodeReuse:false", "-v", "quiet"])
        {
            WorkingDirectory = SourceTree.Root,
        })!;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        await RunAsync(block);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var server in servers)
            await server.DisposeAsync();
        idp.Dispose();
    }

    private static IEnumerable<CodeBlock> Blocks() =>
        Directory.GetFiles(Path.Combine(SourceTree.Root, "docs"), "*.md", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Prepend(Path.Combine(SourceTree.Root, "README.md"))
            .SelectMany(page => CodeBlock.Of(Path.GetRelativePath(SourceTree.Root, page), File.ReadAllText(page)));

    private async Task RunAsync(CodeBlock block)
    {
        if (block.Language is "yaml" or "json")
        {
            Assert.True(block.FileName is not null, $"{block}: the text before the block does not name its file");
            await DoneAsync(block, ["apply", idp.Write(block.FileName!, block.Text)]);
            return;
        }

        Assert.True(block.Language == "sh", $"{block}: nothing here runs '{block.Language}'");
        foreach (var command in block.Commands)
            await RunAsync(block, command);
    }

    private Task RunAsync(CodeBlock block, string[] command)
    {
        var settings = command.TakeWhile(word => word.Contains('=', StringComparison.Ordinal)).Select(Setting).ToArray();
        return command[settings.Length..] switch
        {
            ["dotnet", "run", "--project", var project] => ServeAsync(block, project, "Development", settings, "/demo"),
            ["dotnet", "run", "--project", var project, "--", .. var verb] => Known(block, project, () => DoneAsync(block, verb)),
            ["dotnet", "run", var app, "--", "THE-SECRET"] when app == OwnAppTests.Sample => Task.CompletedTask, // Run there.
            ["dotnet", "publish", var project, "-c", "Release", "-r", "linux-x64", "-o", Published] => Known(block, project, () => Task.CompletedTask),
            [Published + "/idp"] => ServeAsync(block, ".", "Production", settings, "/.well-known/openid-configuration"),
            [Published + "/idp", .. var verb] => DoneAsync(block, [.. verb, .. settings]),
            ["tests/run.sh"] => HelpAsync(block, command[0]),
            _ => throw new InvalidOperationException($"{block}: nothing here runs '{string.Join(' ', command)}'"),
        };
    }

    private async Task DoneAsync(CodeBlock block, string[] verb)
    {
        var (code, output, error) = await idp.RunAsync([.. verb.Select(InFolder)]);
        Assert.True((code, error) == (0, ""), $"{block}: idp {string.Join(' ', verb)} ended with {code}: {output}{error}");
    }

    private async Task ServeAsync(CodeBlock block, string project, string environment, string[] settings, string page)
    {
        var port = TestIdp.FreePort();
        var here = string.Create(CultureInfo.InvariantCulture, $"http://localhost:{port}");
        string[] given = settings.Any(setting => setting.StartsWith("--Issuer=", StringComparison.Ordinal)) ? [] : ["--Issuer", here];
        await Known(block, project, async () =>
        {
            var server = new ChildProcess(
                Path.Combine(build, "idp"),
                [.. given, .. settings, "--Listen:Urls", here, "--Listen:Management", "", "--DataDirectory", Path.Combine(idp.Folder, environment)],
                new Dictionary<string, string> { ["DOTNET_ENVIRONMENT"] = environment, ["ASPNETCORE_ENVIRONMENT"] = environment }, idp.Folder);
            servers.Add(server);
            await server.ListeningAsync(port);
            using var client = new HttpClient();
            using var answer = await client.GetAsync(new Uri(here + page), TestContext.Current.CancellationToken);
            Assert.True(answer.IsSuccessStatusCode, $"{block}: {here}{page} answers {answer.StatusCode}: {server.Output}");
        });
    }

    /// <summary>It runs these tests: here it only says what it does.</summary>
    private static async Task HelpAsync(CodeBlock block, string script)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(SourceTree.Root, script), ["--help"])
        {
            WorkingDirectory = SourceTree.Root, RedirectStandardOutput = true,
        })!;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{block}: {script} --help ended with {process.ExitCode}");
    }

    private static Task Known(CodeBlock block, string project, Func<Task> run)
    {
        Assert.True(Directory.Exists(Path.Combine(SourceTree.Root, project)), $"{block}: there is no {project}");
        return run();
    }

    /// <summary>IDP__Section__Key=VALUE before a command.</summary>
    private static string Setting(string assignment)
    {
        var (name, value) = (assignment[..assignment.IndexOf('=', StringComparison.Ordinal)], assignment[(assignment.IndexOf('=', StringComparison.Ordinal) + 1)..]);
        return $"--{name["IDP__".Length..].Replace("__", ":", StringComparison.Ordinal)}={value}";
    }

    private string InFolder(string word) => File.Exists(Path.Combine(idp.Folder, word)) ? Path.Combine(idp.Folder, word) : word;
}
