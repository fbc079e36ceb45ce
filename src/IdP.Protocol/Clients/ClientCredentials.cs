using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace IdP.Protocol.Clients;

/// <summary>RFC 6749 §2.3.1: the credentials as they were sent, not yet believed.</summary>
/// <param name="Secret">Null for method "none".</param>
/// <param name="LiteralSecret">The Basic password before form-decoding, where that differs: many clients forget to encode, and their '+' or '%' is meant.</param>
internal readonly record struct ClientCredentials(string Method, string ClientId, string? Secret, string? LiteralSecret = null)
{
    public static bool TryRead(string? authorization, Parameters form, out ClientCredentials credentials, [NotNullWhen(false)] out ProtocolError? error)
    {
        credentials = default;
        error = null;
        // Not supported, and not to be passed over: the client believes it has proven itself with it.
        if (form["client_assertion"] is not null || form["client_assertion_type"] is not null)
            error = ProtocolError.InvalidClient("Client assertions are not supported.");
        else if (!string.IsNullOrEmpty(authorization))
            error = ReadBasic(authorization, form, ref credentials);
        else if (form["client_id"] is not { } id)
            error = ProtocolError.InvalidClient();
        else
            credentials = form["client_secret"] is { } secret ? new("client_secret_post", id, secret) : new("none", id, null);
        return error is null;
    }

    /// <summary>Empty client_id and client_secret in the body count as absent: some mail servers send them so.</summary>
    private static ProtocolError? ReadBasic(string authorization, Parameters form, ref ClientCredentials credentials)
    {
        const string Scheme = "Basic ";
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || Decode(authorization.AsSpan(Scheme.Length).Trim()) is not { } pair)
            return ProtocolError.InvalidClient();
        if (form["client_secret"] is not null)
            return ProtocolError.InvalidRequest("More than one method of client authentication was used.");
        var colon = pair.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0)
            return ProtocolError.InvalidClient();

        var id = FormDecode(pair[..colon]);
        if (form["client_id"] is { } named && named != id)
            return ProtocolError.InvalidRequest("client_id differs from the authenticated client.");
        var literal = pair[(colon + 1)..];
        var secret = FormDecode(literal);
        credentials = secret.Length == 0
            ? new("none", id, null)
            : new("client_secret_basic", id, secret, secret == literal ? null : literal);
        return null;
    }

    private static string? Decode(ReadOnlySpan<char> base64)
    {
        if (base64.Length > 2048)
            return null;
        Span<byte> bytes = stackalloc byte[1536];
        return Convert.TryFromBase64Chars(base64, bytes, out var length) ? Encoding.UTF8.GetString(bytes[..length]) : null;
    }

    private static string FormDecode(string value) => Uri.UnescapeDataString(value.Replace('+', ' '));
}
