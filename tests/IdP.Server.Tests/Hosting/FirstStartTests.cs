using System.Globalization;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Hosting;

/// <summary>J-50: what the first start of the built program says to whoever started it.</summary>
public sealed class FirstStartTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("idp-first-").FullName;

    [Theory]
    [InlineData("Production", true)]
    [InlineData("Development", false)]
    public async Task The_way_in_is_printed_where_nobody_is_there_yet_and_not_in_the_demo(string environment, bool printed)
    {
        var port = TestIdp.FreePort();
        var issuer = string.Create(CultureInfo.InvariantCulture, $"http://localhost:{port}");
        await using var server = new ChildProcess(BuiltServer.Program, [], new Dictionary<string, string>
        {
            ["DOTNET_ENVIRONMENT"] = environment, ["ASPNETCORE_ENVIRONMENT"] = environment, ["IDP__Issuer"] = issuer, ["IDP__Listen__Urls"] = issuer, ["IDP__Listen__Management"] = "", ["IDP__DataDirectory"] = folder,
        }, folder);
        await server.ListeningAsync(port);
        await server.SaysAsync("Application started");
        var file = Path.Combine(folder, "first-administrator-link.txt");
        Assert.Equal(printed, server.Output.Contains("There is no administrator yet. Create the first one with the link in this file, within an hour", StringComparison.Ordinal));
        Assert.Equal(printed, server.Output.Contains(file, StringComparison.Ordinal));
        Assert.Equal(printed, File.Exists(file));
        // A journal keeps what a service prints, and others read it.
        Assert.DoesNotContain("/setup?token=", server.Output, StringComparison.Ordinal);
        if (!printed)
            return;
        Assert.StartsWith($"{issuer}/setup?token=", (await File.ReadAllTextAsync(file)).Trim(), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Theory, InlineData("serve"), InlineData("check-config")]
    public async Task The_demo_does_not_start_behind_a_public_name(string verb)
    {
        await using var server = new ChildProcess(Path.Combine(AppContext.BaseDirectory, "idp"), [verb], new Dictionary<string, string>
        {
            ["DOTNET_ENVIRONMENT"] = "Development", ["ASPNETCORE_ENVIRONMENT"] = "Development", ["IDP__Issuer"] = "https://id.example.com",
            ["IDP__Listen__Urls"] = string.Create(CultureInfo.InvariantCulture, $"http://localhost:{TestIdp.FreePort()}"), ["IDP__Listen__Management"] = "", ["IDP__DataDirectory"] = folder,
        }, folder);
        await server.SaysAsync("anybody could take over any account");
        Assert.DoesNotContain("Unhandled", server.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
