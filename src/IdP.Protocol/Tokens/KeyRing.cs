using Microsoft.IdentityModel.Tokens;

namespace IdP.Protocol.Tokens;

/// <summary>An immutable picture of the signing keys: per algorithm the one that signs, and all that are published (announced, active, retired but still needed).</summary>
/// <param name="Signing">By JWS algorithm name ("ES256", "RS256").</param>
/// <param name="Published">Every key that a relying party may meet, public halves; kid set.</param>
public sealed record KeyRing(IReadOnlyDictionary<string, SigningCredentials> Signing, IReadOnlyList<SecurityKey> Published)
{
    /// <summary>The JWK set document, public members only, ready to send.</summary>
    public required byte[] JwksJson { get; init; }
}
