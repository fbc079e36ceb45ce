using System.Security.Cryptography;
using System.Text.Json.Nodes;
using IdP.Server;
using IdP.Server.Cli;

namespace IdP.Server.Tests.Cli;

/// <summary>An operator at the command line, with a database of their own.</summary>
internal sealed class Idp : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("idp-cli-");

    public string Folder => folder.FullName;

    public string[] Settings =>
    [
        "--Issuer", "https://id.example.com", "--DataDirectory", Folder, "--Storage:Database", "sqlite:" + Path.Combine(Folder, "idp.db"),
    ];

    public async Task<(int Code, string Output, string Error)> TypeAsync(string input, params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        var code = await Program.RunAsync([.. arguments, .. Settings], new Terminal(new StringReader(input), output, error));
        return (code, output.ToString(), error.ToString());
    }

    public Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) => TypeAsync("", arguments);

    public async Task<JsonNode> JsonAsync(params string[] arguments) => JsonNode.Parse((await RunAsync([.. arguments, "--json"])).Output)!;

    public string Write(string name, string content)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    /// <summary>What a change could have touched.</summary>
    public async Task<string> StateAsync() =>
        (await JsonAsync("client", "list")).ToJsonString() + (await JsonAsync("user", "list")).ToJsonString();

    public void Dispose() => folder.Delete(recursive: true);
}
