using IdP.Server.Hosting;
using IdP.Server.Storage;

namespace IdP.Server.Tests.Storage;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class PrivateFolderTests
{
    [Fact]
    public async Task What_the_server_makes_for_its_database_and_key_is_for_its_own_user_alone()
    {
        var root = Directory.CreateTempSubdirectory("idp-test-");
        var folder = Path.Combine(root.FullName, "a", "data");
        await using var database = new Database(new IdpOptions { Storage = { Database = $"sqlite:{folder}/idp.db" } });
        database.MakeFolder();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
        root.Delete(recursive: true);
    }
}
