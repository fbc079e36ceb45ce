using System.Text.Json;

namespace IdP.Protocol.Tests;

/// <summary>OIDC Discovery §3, RFC 8414 §2.</summary>
public sealed class DiscoveryTests
{
    [Fact]
    public async Task The_document_says_what_the_server_does()
    {
        var house = new House();
        var document = JsonDocument.Parse(await house.Discovery.GetAsync(default)).RootElement;
        Assert.Equal(House.Issuer, document.GetProperty("issuer").GetString());
        foreach (var member in document.EnumerateObject().Where(member => member.Name.EndsWith("_endpoint", StringComparison.Ordinal) || member.Name == "jwks_uri"))
            Assert.StartsWith(House.Issuer + "/", member.Value.GetString(), StringComparison.Ordinal);
        Assert.Equal(["code"], Values(document, "response_types_supported"));
        Assert.Contains("RS256", Values(document, "id_token_signing_alg_values_supported"));
        Assert.DoesNotContain("none", Values(document, "request_object_signing_alg_values_supported"));
        Assert.Equal(["S256"], Values(document, "code_challenge_methods_supported"));
        Assert.Equal(["pwd", "mfa", "urn:example:strong"], Values(document, "acr_values_supported"));
        Assert.Contains("api", Values(document, "scopes_supported"));
        Assert.True(document.GetProperty("authorization_response_iss_parameter_supported").GetBoolean());
        Assert.False(document.GetProperty("request_parameter_supported").GetBoolean());
        Assert.False(document.GetProperty("request_uri_parameter_supported").GetBoolean());
    }

    [Fact]
    public async Task It_is_built_again_only_when_the_scopes_changed()
    {
        var house = new House();
        var first = await house.Discovery.GetAsync(default);
        Assert.Same(first, await house.Discovery.GetAsync(default));
        house.Scopes.Catalogue = new([new("new-one")]);
        Assert.Contains("new-one", Values(JsonDocument.Parse(await house.Discovery.GetAsync(default)).RootElement, "scopes_supported"));
    }

    private static IEnumerable<string?> Values(JsonElement document, string name) => document.GetProperty(name).EnumerateArray().Select(value => value.GetString());
}
