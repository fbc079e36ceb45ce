using System.Text.Json;
using IdP.Protocol.Tokens;

namespace IdP.Protocol.Introspection;

/// <summary>RFC 7662 §2.2.</summary>
public abstract record IntrospectionOutcome
{
    private IntrospectionOutcome() { }

    /// <param name="TokenType">"Bearer"; null for refresh tokens, which are no credentials at an API.</param>
    /// <param name="UserName">The name the person signs in with.</param>
    /// <param name="Email">Where a scope opens it; mail servers find the mailbox by it.</param>
    public sealed record Active(string Issuer, AccessTokenContent Content, string? TokenType, string? UserName, PersonEmail? Email = null) : IntrospectionOutcome
    {
        /// <summary>The answer's members, acr and auth_time among them (RFC 9470 §6.2), inside an object the caller opens and closes.</summary>
        public void WriteTo(Utf8JsonWriter json)
        {
            ArgumentNullException.ThrowIfNull(json);
            json.WriteBoolean("active"u8, true);
            json.WriteString("iss"u8, Issuer);
            json.WriteString("sub"u8, Content.Subject);
            json.WriteString("client_id"u8, Content.ClientId);
            if (UserName is not null)
                json.WriteString("username"u8, UserName);
            if (Email is { } email)
            {
                json.WriteString("email"u8, email.Address);
                json.WriteBoolean("email_verified"u8, email.Verified);
            }
            if (TokenType is not null)
            {
                json.WriteString("token_type"u8, TokenType);
                json.WriteString("jti"u8, Content.Jti);
            }
            json.WriteString("scope"u8, string.Join(' ', Content.Scopes));
            if (Content.Audience is [var only])
                json.WriteString("aud"u8, only);
            else
                WriteArray(json, "aud", Content.Audience);
            json.WriteNumber("iat"u8, Content.IssuedAt.ToUnixTimeSeconds());
            json.WriteNumber("exp"u8, Content.ExpiresAt.ToUnixTimeSeconds());
            if (Content.AuthTime is { } authTime)
                json.WriteNumber("auth_time"u8, authTime.ToUnixTimeSeconds());
            if (Content.Acr is { } acr)
                json.WriteString("acr"u8, acr);
            if (Content.Amr.Count > 0)
                WriteArray(json, "amr", Content.Amr);
            if (Content.SessionId is { } sid)
                json.WriteString("sid"u8, sid);
        }

        private static void WriteArray(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
        {
            json.WriteStartArray(name);
            foreach (var value in values)
                json.WriteStringValue(value);
            json.WriteEndArray();
        }
    }

    public sealed record PersonEmail(string Address, bool Verified);

    /// <summary>Unknown, expired, revoked, or none of the caller's business.</summary>
    public sealed record Inactive : IntrospectionOutcome;

    public sealed record Refused(ProtocolError Error) : IntrospectionOutcome;
}
