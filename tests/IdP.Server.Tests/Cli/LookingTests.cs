using IdP.Server.Hosting;
using IdP.Server.Storage;

namespace IdP.Server.Tests.Cli;

/// <summary>Verbs that only look, and dry runs, change nothing: no tables, no file, no key.</summary>
public sealed class LookingTests : IDisposable
{
    private const string Wanted = """
        {"clients":[{"clientId":"web","clientSecrets":["tests-9fK2xQ7vLm4Zr8Wd1Hc3"],"redirectUris":["https://web.example.com/callback"],"allowedScopes":["openid"]}],
         "users":[{"userName":"alice","password":"correct horse battery","totpSecret":"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}]}
        """;

    private readonly Idp idp = new();

    [Theory]
    [InlineData("client", "list"), InlineData("client", "show", "web"), InlineData("user", "list"), InlineData("keys", "list")]
    public async Task A_database_that_is_not_there_is_said_so_and_not_made(params string[] verb)
    {
        var (code, output, error) = await idp.RunAsync(verb);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("nothing has been set up yet", error, StringComparison.Ordinal);
        Assert.Contains("nothing has been set up yet", (await idp.JsonAsync(verb))["error"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.True(idp.IsUntouched);
    }

    [Fact]
    public async Task A_dry_run_takes_a_database_that_is_not_there_for_an_empty_one_and_makes_nothing()
    {
        var file = idp.Write("idp.json", Wanted);
        Assert.Contains("2 added, 0 changed, 0 unchanged; this was a dry run", (await idp.RunAsync("apply", file, "--dry-run")).Output, StringComparison.Ordinal);
        Assert.True(idp.IsUntouched);
        Assert.Contains("2 added, 0 changed, 0 unchanged.", (await idp.RunAsync("apply", file)).Output, StringComparison.Ordinal);
        Assert.Contains("0 added, 0 changed, 2 unchanged", (await idp.RunAsync("apply", file, "--dry-run")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("client", "list"), InlineData("user", "list"), InlineData("keys", "list"), InlineData("apply", "FILE"), InlineData("apply", "FILE", "--dry-run")]
    public async Task A_database_of_an_older_program_is_said_so_and_left_as_it_is(params string[] verb)
    {
        var file = idp.Write("idp.json", Wanted);
        var before = await OlderAsync();
        var (code, output, error) = await idp.RunAsync([.. verb.Select(word => word == "FILE" ? file : word)]);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("older than this program", error, StringComparison.Ordinal);
        Assert.Equal(before, await AppliedAsync());

        Assert.Equal(0, (await idp.RunAsync("migrate")).Code);
        Assert.Equal(SchemaScripts.Known(postgres: false), await AppliedAsync());
        Assert.Equal(0, (await idp.RunAsync("apply", file)).Code);
    }

    [Theory]
    [InlineData("client", "list"), InlineData("migrate"), InlineData("serve"), InlineData("apply", "FILE")]
    public async Task A_database_of_an_unknown_version_is_refused_and_left_alone(params string[] verb)
    {
        var file = idp.Write("idp.json", Wanted);
        await HistoryAsync("20251122202746_BeforeTheFirstRelease");
        var before = await AppliedAsync();
        var (code, _, error) = await idp.RunAsync([.. verb.Select(word => word == "FILE" ? file : word)]);
        Assert.Equal(1, code);
        Assert.Contains("a version that this program does not know", error, StringComparison.Ordinal);
        Assert.Equal(before, await AppliedAsync());
    }

    /// <summary>A database that lacks every migration of this program, but has a history.</summary>
    private async Task<string[]> OlderAsync()
    {
        await HistoryAsync();
        return await AppliedAsync();
    }

    private async Task HistoryAsync(params string[] applied)
    {
        await using var database = Open();
        await database.ExecuteAsync("""create table "__EFMigrationsHistory" ("MigrationId" text not null primary key, "ProductVersion" text not null)""", default);
        foreach (var id in applied)
            await database.ExecuteAsync("""insert into "__EFMigrationsHistory" values (@id, '10.0.0')""", default, ("@id", id));
    }

    private async Task<string[]> AppliedAsync()
    {
        await using var database = Open();
        return [.. await database.ListAsync("""select "MigrationId" from "__EFMigrationsHistory" order by 1""", row => row.GetString(0), default)];
    }

    private Database Open() => new(new IdpOptions { DataDirectory = idp.Folder });

    public void Dispose() => idp.Dispose();
}
