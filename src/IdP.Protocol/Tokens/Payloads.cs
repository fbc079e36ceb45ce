using System.Buffers;
using System.Text;
using System.Text.Json;

namespace IdP.Protocol.Tokens;

/// <summary>The JSON inside tokens, written straight into a buffer that each thread keeps: this is the hot path.</summary>
internal static class Payloads
{
    [ThreadStatic] private static ArrayBufferWriter<byte>? buffer;
    [ThreadStatic] private static Utf8JsonWriter? writer;

    /// <summary>RFC 9068 §2.2.</summary>
    public static string Access(string issuer, AccessTokenContent content)
    {
        var json = Begin(issuer, content.Subject, content.IssuedAt, content.ExpiresAt);
        if (content.Audience is [var only])
            json.WriteString("aud"u8, only);
        else
            WriteArray(json, "aud", content.Audience);
        json.WriteString("client_id"u8, content.ClientId);
        json.WriteString("jti"u8, content.Jti);
        if (content.Scopes.Count > 0)
            json.WriteString("scope"u8, content.Scopes is [var scope] ? scope : string.Join(' ', content.Scopes));
        if (content.SessionId is { } sid)
            json.WriteString("sid"u8, sid);
        if (content.AuthTime is { } authTime)
            json.WriteNumber("auth_time"u8, authTime.ToUnixTimeSeconds());
        if (content.Acr is { } acr)
            json.WriteString("acr"u8, acr);
        if (content.Amr.Count > 0)
            WriteArray(json, "amr", content.Amr);
        if (content.UserInfoClaims.Count > 0)
            WriteArray(json, "ucl", content.UserInfoClaims);
        return End(json);
    }

    /// <summary>OIDC Core §2, §3.1.3.6.</summary>
    /// <param name="claims">Names of what else is told about the person; each once in the token.</param>
    public static string Identity(
        string issuer, Grant grant, Person person, IReadOnlyList<string> claims, string? nonce, string accessTokenHash, DateTimeOffset now, int lifetime)
    {
        var json = Begin(issuer, grant.Subject, now, now.AddSeconds(lifetime));
        json.WriteString("aud"u8, grant.ClientId);
        json.WriteNumber("auth_time"u8, grant.AuthTime.ToUnixTimeSeconds());
        if (nonce is not null)
            json.WriteString("nonce"u8, nonce);
        json.WriteString("acr"u8, grant.Acr);
        WriteArray(json, "amr", grant.Amr);
        json.WriteString("sid"u8, grant.SessionId);
        json.WriteString("at_hash"u8, accessTokenHash);
        for (var i = 0; i < claims.Count; i++)
        {
            if (!ReservedClaims.Contains(claims[i]) && !Before(claims, i) && person.Claims.TryGetValue(claims[i], out var value))
                ClaimWriter.Write(json, claims[i], value);
        }
        return End(json);
    }

    private static bool Before(IReadOnlyList<string> names, int at)
    {
        for (var i = 0; i < at; i++)
        {
            if (names[i] == names[at])
                return true;
        }
        return false;
    }

    /// <summary>OIDC Core §5.3.2: iss and aud belong into a signed answer.</summary>
    public static string UserInfo(string issuer, string clientId, DateTimeOffset now, IReadOnlyList<KeyValuePair<string, object>> claims)
    {
        var json = Begin();
        json.WriteString("iss"u8, issuer);
        json.WriteString("aud"u8, clientId);
        json.WriteNumber("iat"u8, now.ToUnixTimeSeconds());
        foreach (var (name, value) in claims)
            ClaimWriter.Write(json, name, value);
        return End(json);
    }

    private static Utf8JsonWriter Begin(string issuer, string subject, DateTimeOffset from, DateTimeOffset until)
    {
        var json = Begin();
        json.WriteString("iss"u8, issuer);
        json.WriteString("sub"u8, subject);
        json.WriteNumber("iat"u8, from.ToUnixTimeSeconds());
        json.WriteNumber("exp"u8, until.ToUnixTimeSeconds());
        return json;
    }

    private static Utf8JsonWriter Begin()
    {
        buffer ??= new ArrayBufferWriter<byte>(1024);
        buffer.ResetWrittenCount();
        writer ??= new Utf8JsonWriter(buffer);
        writer.Reset(buffer);
        writer.WriteStartObject();
        return writer;
    }

    private static string End(Utf8JsonWriter json)
    {
        json.WriteEndObject();
        json.Flush();
        return Encoding.UTF8.GetString(buffer!.WrittenSpan);
    }

    private static void WriteArray(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        for (var i = 0; i < values.Count; i++)
            json.WriteStringValue(values[i]);
        json.WriteEndArray();
    }
}
