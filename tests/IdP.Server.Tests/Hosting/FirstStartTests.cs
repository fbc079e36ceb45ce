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
        Assert.Equal(printed, server.Output.Contains("There is no administrator yet. Create the first one here, within an hour", StringComparison.Ordinal));
        Assert.Equal(printed, server.Output.Contains($"{issuer}/setup?token=", StringComparison.Ordinal));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
