using System.Text.Json.Nodes;

namespace IdP.Server.Tests.Cli;

public sealed class KeyVerbTests : IDisposable
{
    private readonly Idp idp = new();

    [Fact]
    public async Task Keys_are_listed_with_what_they_do_and_a_revoked_one_is_out()
    {
        Assert.Equal(2, (await idp.JsonAsync("keys", "rotate")).AsArray().Count);
        Assert.Equal("ES256", (await idp.JsonAsync("keys", "rotate", "--alg", "ES256"))[0]!["alg"]!.GetValue<string>());
        var listed = (await idp.JsonAsync("keys", "list")).AsArray();
        Assert.Equal(["ES256", "RS256"], listed.Select(key => Text(key, "alg")).Distinct().Order());
        Assert.All(listed, key => Assert.True(Text(key, "state").Length > 0 && key!["activatesAt"] is not null, key!.ToJsonString()));

        var leaked = Text(listed.Last(key => Text(key, "alg") == "ES256"), "kid");
        var table = (await idp.RunAsync("keys", "list")).Output;
        Assert.Contains(leaked, table, StringComparison.Ordinal);
        Assert.StartsWith("KID", table, StringComparison.Ordinal);

        Assert.Equal("revoked", Text(await idp.JsonAsync("keys", "revoke", leaked), "state"));
        Assert.Equal("revoked", Text((await idp.JsonAsync("keys", "list")).AsArray().Single(key => Text(key, "kid") == leaked), "state"));
        var (code, _, error) = await idp.RunAsync("keys", "revoke", leaked);
        Assert.Equal(1, code);
        Assert.Contains($"There is no key '{leaked}' that could be revoked.", error, StringComparison.Ordinal);
    }

    private static string Text(JsonNode? node, string member) => node![member]!.GetValue<string>();

    public void Dispose() => idp.Dispose();
}
