using System.Collections.Frozen;

namespace IdP.Protocol.Tokens;

/// <summary>Claims that say what this server vouches for (RFC 7519 §4.1, OIDC Core §2, RFC 9068 §2.2): nobody's profile may speak in their place.</summary>
public static class ReservedClaims
{
    private static readonly FrozenSet<string> Names = FrozenSet.ToFrozenSet(
        ["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "acr", "amr", "auth_time", "sid", "nonce", "azp", "at_hash", "c_hash", "client_id", "scope"], StringComparer.Ordinal);

    public static bool Contains(string name) => Names.Contains(name);
}
