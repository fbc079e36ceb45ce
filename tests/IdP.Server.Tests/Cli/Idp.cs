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

    public Task<(int Code, string Output, string Error)> TypeAsync(string input, params string[] arguments) => EnterAsync(input, [.. arguments, .. Settings]);

    /// <summary>With settings that outweigh the usual ones.</summary>
    public Task<(int Code, string Output, string Error)> WithAsync(string[] settings, params string[] arguments) => EnterAsync("", [.. Settings, .. settings, .. arguments]);

    public Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) => TypeAsync("", arguments);

    public async Task<JsonNode> JsonAsync(params string[] arguments) => JsonNode.Parse((await RunAsync([.. arguments, "--json"])).Output)!;

    /// <summary>The client as <c>client show</c> prints it.</summary>
    public async Task<JsonNode> ClientAsync(string id) => (await JsonAsync("client", "show", id))["clients"]![0]!;

    public string Write(string name, string content)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    /// <summary>Nothing has been made here, neither a database nor a key.</summary>
    public bool IsUntouched => Directory.GetFiles(Folder, "*", SearchOption.AllDirectories).All(file => file.EndsWith(".yaml", StringComparison.Ordinal) || file.EndsWith(".json", StringComparison.Ordinal));

    /// <summary>What a change could have touched.</summary>
    public async Task<string> StateAsync() =>
        (await JsonAsync("client", "list")).ToJsonString() + (await JsonAsync("user", "list")).ToJsonString();

    private static async Task<(int Code, string Output, string Error)> EnterAsync(string input, string[] line)
    {
        using StringWriter output = new(), error = new();
        var code = await Program.RunAsync(line, new Terminal(new StringReader(input), output, error));
        return (code, output.ToString(), error.ToString());
    }

    public void Dispose() => folder.Delete(recursive: true);
}
