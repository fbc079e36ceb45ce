using Microsoft.IdentityModel.Tokens;

namespace IdP.Protocol.Tokens;

/// <summary>
/// How tokens of ours are checked, built once per picture of the keys. Only algorithms we sign with, only our keys, found by kid (RFC 8725 §3.1);
/// addresses of keys inside a token are never followed.
/// </summary>
internal sealed class ValidationRules(ProtocolOptions options, ISigningKeys keys, TimeProvider time)
{
    public const string AccessTokenType = "at+jwt";
    public const string IdTokenType = "JWT";

    private Pair? current;

    public Pair Current
    {
        get
        {
            var ring = keys.Current;
            return current is { } known && ReferenceEquals(known.Ring, ring) ? known : current = new Pair(ring, AccessTokens(ring), IdTokens(ring));
        }
    }

    private TokenValidationParameters AccessTokens(KeyRing ring)
    {
        var rules = Common(ring, AccessTokenType);
        rules.LifetimeValidator = (_, expires, _, _) => expires is { } end && end > time.GetUtcNow().UtcDateTime;
        return rules;
    }

    /// <summary>An id_token comes back only as a hint: its time may have passed (OIDC Core §3.1.2.1).</summary>
    private TokenValidationParameters IdTokens(KeyRing ring)
    {
        var rules = Common(ring, IdTokenType);
        rules.ValidateLifetime = false;
        return rules;
    }

    private TokenValidationParameters Common(KeyRing ring, string type) => new()
    {
        ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.RsaSha256],
        ValidTypes = [type],
        ValidIssuer = options.Issuer,
        IssuerSigningKeys = ring.Published,
        TryAllIssuerSigningKeys = false,
        ValidateAudience = false,
        RequireSignedTokens = true,
        RequireExpirationTime = true,
    };

    internal sealed record Pair(KeyRing Ring, TokenValidationParameters AccessTokens, TokenValidationParameters IdTokens);
}
