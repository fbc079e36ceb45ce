namespace IdP.Server.Tests.Cli;

public sealed class BindingPolicyTests : IDisposable
{
    private const string Policies = """
        {"clients":[{"clientId":"web","clientSecrets":["tests-9fK2xQ7vLm4Zr8Wd1Hc3"],"redirectUris":["https://web.example.com/callback"],"allowedScopes":["openid"]}],
         "users":[{"userName":"alice","groups":["staff"]}],
         "bindingPolicies":[{"name":"all","everyone":true,"from":"2026-12-01T00:00:00Z","skips":3,"factors":["totp"]},{"name":"bank","groups":["staff"],"clients":["web"]}]}
        """;

    private readonly Idp idp = new();

    [Fact]
    public async Task Policies_are_applied_with_the_rest_and_are_then_unchanged()
    {
        var file = idp.Write("idp.json", Policies);
        Assert.Contains("4 added", (await idp.RunAsync("apply", file)).Output, StringComparison.Ordinal);
        Assert.Contains("0 added, 0 changed, 4 unchanged", (await idp.RunAsync("apply", file)).Output, StringComparison.Ordinal);
        var (code, output, _) = await idp.RunAsync("apply", idp.Write("off.json", """{"bindingPolicies":[{"name":"all","everyone":true,"disabled":true}]}"""), "--dry-run");
        Assert.Equal(0, code);
        Assert.Contains("bindingPolicy all: change (disabled, from, skips, factors)", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_fault_of_a_policy_is_told_at_once()
    {
        var (code, output, error) = await idp.RunAsync("apply", idp.Write("bad.json", """
            {"bindingPolicies":[{"name":"a b","groups":[],"skips":-1,"factors":["TOTP"]},{"name":"c","clients":["nobody"]},{"name":"d","everyone":true,"groups":["staff"]},
              {"name":"c","everyone":"yes","from":"soon"}]}
            """));
        Assert.NotEqual(0, code);
        foreach (var part in (string[])["bindingPolicies[0].name", "bindingPolicies[0].everyone", "bindingPolicies[0].skips", "bindingPolicies[0].factors", "there is no client 'nobody'",
            "bindingPolicies[2].groups", "bindingPolicies[3].everyone", "bindingPolicies[3].from"])
            Assert.Contains(part, output + error, StringComparison.Ordinal);
    }

    public void Dispose() => idp.Dispose();
}
