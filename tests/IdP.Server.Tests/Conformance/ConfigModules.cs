using System.Text.Json.Nodes;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Conformance;

public abstract class ConfigModules(TestIdp idp)
{
    private static readonly string[] Known =
    [
        "issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "registration_endpoint", "scopes_supported", "response_types_supported", "response_modes_supported",
        "grant_types_supported", "acr_values_supported", "subject_types_supported", "id_token_signing_alg_values_supported", "userinfo_signing_alg_values_supported",
        "request_object_signing_alg_values_supported", "token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported", "display_values_supported", "claim_types_supported",
        "claims_supported", "service_documentation", "claims_locales_supported", "ui_locales_supported", "claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported",
        "require_request_uri_registration", "op_policy_uri", "op_tos_uri", "revocation_endpoint", "revocation_endpoint_auth_methods_supported", "introspection_endpoint",
        "introspection_endpoint_auth_methods_supported", "code_challenge_methods_supported", "end_session_endpoint", "pushed_authorization_request_endpoint", "require_pushed_authorization_requests",
        "authorization_response_iss_parameter_supported", "prompt_values_supported", "backchannel_logout_supported", "backchannel_logout_session_supported", "frontchannel_logout_supported", "frontchannel_logout_session_supported",
    ];

    /// <summary>C-001 oidcc-discovery-endpoint-verification.</summary>
    [Fact]
    public async Task Discovery_says_what_the_standards_ask()
    {
        var document = await Checks.PreambleAsync(idp);
        string[] List(string name) => [.. document[name]!.AsArray().Select(value => (string)value!)];

        Assert.All(document, member => Assert.Contains(member.Key, Known));
        Assert.Contains("code", List("response_types_supported"));
        Assert.DoesNotContain(List("response_types_supported"), type => type.Contains("token", StringComparison.Ordinal));
        Assert.Contains("form_post", List("response_modes_supported"));
        Assert.Contains("public", List("subject_types_supported"));
        Assert.Contains("RS256", List("id_token_signing_alg_values_supported"));
        Assert.DoesNotContain("none", List("id_token_signing_alg_values_supported"));
        Assert.DoesNotContain("none", List("request_object_signing_alg_values_supported"));
        Assert.Contains("authorization_code", List("grant_types_supported"));
        Assert.DoesNotContain("password", List("grant_types_supported"));
        Assert.DoesNotContain("implicit", List("grant_types_supported"));
        Assert.Contains("openid", List("scopes_supported"));
        Assert.All(List("scopes_supported"), scope => Assert.Matches(@"^[\x21\x23-\x5B\x5D-\x7E]+$", scope));
        Assert.All(List("ui_locales_supported"), tag => Assert.Equal(System.Globalization.CultureInfo.GetCultureInfo(tag).Name, tag));
        Assert.Contains("sub", List("claims_supported"));
        Assert.Equal(["S256"], List("code_challenge_methods_supported"));
        Assert.Contains("client_secret_basic", List("token_endpoint_auth_methods_supported"));
        Assert.Equal(["pwd", "mfa"], List("acr_values_supported"));
        Assert.True((bool?)document["authorization_response_iss_parameter_supported"]);
        foreach (var (name, value) in document.Where(member => member.Key.EndsWith("_endpoint", StringComparison.Ordinal) || member.Key == "jwks_uri"))
            Assert.True(((string)value!).StartsWith(idp.Issuer + "/", StringComparison.Ordinal), $"{name} is {value}");
        foreach (var name in (string[])["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint", "introspection_endpoint", "revocation_endpoint", "pushed_authorization_request_endpoint"])
            Assert.NotNull(document[name]);
    }

    /// <summary>RFC 8414 §3: the same words at the OAuth address.</summary>
    [Fact]
    public async Task Both_metadata_documents_agree()
    {
        var openid = await idp.GetAsync("/.well-known/openid-configuration");
        var oauth = await idp.GetAsync("/.well-known/oauth-authorization-server");
        Assert.Equal(200, oauth.Status);
        Assert.True(JsonNode.DeepEquals(openid.Json, oauth.Json));
    }
}
