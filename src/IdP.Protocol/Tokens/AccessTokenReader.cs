using Microsoft.IdentityModel.JsonWebTokens;

namespace IdP.Protocol.Tokens;

/// <summary>
/// Reads access tokens of ours, signed or opaque: signature, typ, issuer, expiry, revocation. An id_token is never one (RFC 9068 §2.1).
/// A token seen before is not verified again, but its expiry and revocation are looked at every time.
/// </summary>
public sealed class AccessTokenReader(ProtocolOptions options, ISigningKeys keys, IReferenceTokens references, IRevocations revocations, TimeProvider time)
{
    private const int LongestToken = 8192;
    private const int OpaqueLength = 43;

    private readonly JsonWebTokenHandler handler = new();
    private readonly ValidationRules rules = new(options, keys, time);
    private readonly VerifiedTokens verified = new();

    /// <summary>The content of a token that is good now; null for any other. Throws <see cref="StaleKnowledgeException"/> when revocations are not known.</summary>
    public async ValueTask<AccessTokenContent?> ReadAsync(string token, CancellationToken cancel) =>
        await FindAsync(token, cancel) is { } content && !IsRevoked(content) ? content : null;

    /// <summary>As <see cref="ReadAsync"/>, but a revoked token is found too.</summary>
    internal async ValueTask<AccessTokenContent?> FindAsync(string token, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(token);
        var content = token.AsSpan().Count('.') switch
        {
            2 when token.Length <= LongestToken => await VerifyAsync(token),
            0 when token.Length == OpaqueLength => await references.FindAsync(Secrets.Hash(token), cancel),
            _ => null,
        };
        return content?.ExpiresAt > time.GetUtcNow() ? content : null;
    }

    /// <summary>A grant that may be used while the person is away (offline_access) does not end with the browser session.</summary>
    private bool IsRevoked(AccessTokenContent content) =>
        revocations.IsRevoked(content.Jti, content.GrantId, content.Scopes.Contains(ScopeCatalogue.OfflineAccess) ? null : content.SessionId)
        || revocations.IsWithdrawn(content.Subject, content.ClientId, content.IssuedAt);

    private async ValueTask<AccessTokenContent?> VerifyAsync(string token)
    {
        var pair = rules.Current;
        var key = VerifiedTokens.KeyOf(token);
        if (verified.Find(pair.Ring, key) is { } known)
            return known;
        var result = await handler.ValidateTokenAsync(token, pair.AccessTokens);
        if (!result.IsValid || result.SecurityToken is not JsonWebToken jwt || ContentOf(jwt) is not { } content)
            return null;
        verified.Add(pair.Ring, key, content);
        return content;
    }

    private static AccessTokenContent? ContentOf(JsonWebToken jwt)
    {
        if (jwt.Id is not { Length: > 0 } jti || jwt.Subject is not { Length: > 0 } subject || Text(jwt, "client_id") is not { } clientId)
            return null;
        return new AccessTokenContent
        {
            Jti = jti,
            ClientId = clientId,
            Subject = subject,
            Audience = [.. jwt.Audiences],
            Scopes = Text(jwt, "scope")?.Split(' ') ?? [],
            IssuedAt = new DateTimeOffset(jwt.IssuedAt, TimeSpan.Zero).AddMilliseconds(AccessTokenContent.MillisecondsIn(jti)),
            ExpiresAt = new DateTimeOffset(jwt.ValidTo, TimeSpan.Zero),
            SessionId = Text(jwt, "sid"),
            AuthTime = jwt.TryGetPayloadValue<long>("auth_time", out var authTime) ? DateTimeOffset.FromUnixTimeSeconds(authTime) : null,
            Acr = Text(jwt, "acr"),
            Amr = jwt.TryGetPayloadValue<string[]>("amr", out var amr) ? amr : [],
            UserInfoClaims = jwt.TryGetPayloadValue<string[]>("ucl", out var claims) ? claims : [],
        };
    }

    private static string? Text(JsonWebToken jwt, string name) => jwt.TryGetPayloadValue<string>(name, out var value) ? value : null;
}
