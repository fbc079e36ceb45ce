using System.Text.Json;
using IdP.Protocol.Tokens;
using Microsoft.IdentityModel.Tokens;

namespace IdP.Server.Storage.Keys;

/// <summary>Makes the immutable picture that the protocol reads.</summary>
internal static class KeyRings
{
    public static KeyRing Build(IReadOnlyList<SigningKey> signing, IReadOnlyList<SigningKey> published) =>
        new(signing.ToDictionary(k => k.Alg, k => k.Credentials, StringComparer.Ordinal), [.. published.Select(k => k.Public)])
        {
            JwksJson = Jwks(published),
        };

    /// <summary>RFC 7517 §5. Written by hand, member by member, so that a private member cannot slip in.</summary>
    private static byte[] Jwks(IReadOnlyList<SigningKey> keys)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("keys");
            foreach (var jwk in keys.Select(k => k.Jwk))
                Write(json, jwk);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static void Write(Utf8JsonWriter json, JsonWebKey jwk)
    {
        json.WriteStartObject();
        json.WriteString("kty", jwk.Kty);
        json.WriteString("use", jwk.Use);
        json.WriteString("alg", jwk.Alg);
        json.WriteString("kid", jwk.Kid);
        if (jwk.Kty == JsonWebAlgorithmsKeyTypes.EllipticCurve)
        {
            json.WriteString("crv", jwk.Crv);
            json.WriteString("x", jwk.X);
            json.WriteString("y", jwk.Y);
        }
        else
        {
            json.WriteString("n", jwk.N);
            json.WriteString("e", jwk.E);
        }

        json.WriteEndObject();
    }
}
