using System.Buffers;
using System.Text.Json;
using IdP.Protocol.Tokens;

namespace IdP.Protocol.Discovery;

/// <summary>OIDC Discovery 1.0 §3, RFC 8414 §2: what this server can do. Built again only when the scopes changed.</summary>
public sealed class DiscoveryDocument(ProtocolOptions options, AcrLevels acr, IScopes scopes)
{
    private static readonly string[] ProtocolClaims = ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"];
    private static readonly string[] Algorithms = ["RS256", "ES256"];
    private static readonly string[] SecretMethods = ["client_secret_basic", "client_secret_post"];
    private static readonly string[] AllMethods = [.. SecretMethods, "none"];

    private Built? built;

    /// <summary>The document as UTF-8 JSON, the same for both well-known addresses.</summary>
    public async ValueTask<byte[]> GetAsync(CancellationToken cancel)
    {
        var catalogue = await scopes.GetLastKnownAsync(cancel);
        if (built is { } known && ReferenceEquals(known.Catalogue, catalogue))
            return known.Json;
        var json = Write(catalogue);
        built = new Built(catalogue, json);
        return json;
    }

    private byte[] Write(ScopeCatalogue catalogue)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("issuer", options.Issuer);
        WriteEndpoints(json);
        Write(json, "scopes_supported", catalogue.Names);
        Write(json, "claims_supported", ClaimsOf(catalogue));
        Write(json, "response_types_supported", ["code"]);
        Write(json, "response_modes_supported", ["query", "form_post"]);
        Write(json, "grant_types_supported", ["authorization_code", "refresh_token", "client_credentials"]);
        Write(json, "subject_types_supported", ["public"]);
        Write(json, "id_token_signing_alg_values_supported", Algorithms);
        Write(json, "userinfo_signing_alg_values_supported", Algorithms);
        // Published, without "none", although request objects are refused: silence would mean RS256 and none (Discovery §3).
        Write(json, "request_object_signing_alg_values_supported", Algorithms);
        json.WriteBoolean("request_parameter_supported", false);
        json.WriteBoolean("request_uri_parameter_supported", false);
        json.WriteBoolean("require_pushed_authorization_requests", false);
        Write(json, "token_endpoint_auth_methods_supported", AllMethods);
        Write(json, "revocation_endpoint_auth_methods_supported", AllMethods);
        Write(json, "introspection_endpoint_auth_methods_supported", SecretMethods);
        Write(json, "code_challenge_methods_supported", ["S256"]);
        Write(json, "acr_values_supported", acr.Names);
        Write(json, "prompt_values_supported", ["none", "login", "consent", "select_account"]);
        Write(json, "display_values_supported", ["page"]);
        Write(json, "claim_types_supported", ["normal"]);
        Write(json, "ui_locales_supported", ["en", "zh-CN"]);
        json.WriteBoolean("claims_parameter_supported", true);
        json.WriteBoolean("authorization_response_iss_parameter_supported", true);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private void WriteEndpoints(Utf8JsonWriter json)
    {
        json.WriteString("authorization_endpoint", options.Issuer + ProtocolPaths.Authorize);
        json.WriteString("token_endpoint", options.Issuer + ProtocolPaths.Token);
        json.WriteString("userinfo_endpoint", options.Issuer + ProtocolPaths.UserInfo);
        json.WriteString("jwks_uri", options.Issuer + ProtocolPaths.Jwks);
        json.WriteString("introspection_endpoint", options.Issuer + ProtocolPaths.Introspection);
        json.WriteString("revocation_endpoint", options.Issuer + ProtocolPaths.Revocation);
        json.WriteString("end_session_endpoint", options.Issuer + ProtocolPaths.EndSession);
        json.WriteString("pushed_authorization_request_endpoint", options.Issuer + ProtocolPaths.PushedAuthorization);
    }

    private static IEnumerable<string> ClaimsOf(ScopeCatalogue catalogue) =>
        ProtocolClaims.Concat(catalogue.Names.SelectMany(name => catalogue.Find(name)?.Claims ?? [])).Distinct(StringComparer.Ordinal);

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private sealed record Built(ScopeCatalogue Catalogue, byte[] Json);
}
