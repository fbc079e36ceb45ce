namespace IdP.Protocol;

/// <summary>
/// What one person gave one client in one sign-in: the root that the code, the refresh tokens and the access tokens grow from.
/// Everything a token will claim is fixed here, so that no later step can say more than was proven (I-1).
/// </summary>
public sealed record Grant
{
    /// <summary>128 random bits, base64url; the first part of every access token's jti, so that revoking the grant revokes them all.</summary>
    public required string Id { get; init; }
    public required string ClientId { get; init; }
    public required string Subject { get; init; }
    /// <summary>The browser session's public id.</summary>
    public required string SessionId { get; init; }
    public required IReadOnlyList<string> Scopes { get; init; }
    /// <summary>When the password was last really typed.</summary>
    public required DateTimeOffset AuthTime { get; init; }
    public required string Acr { get; init; }
    public required IReadOnlyList<string> Amr { get; init; }
    /// <summary>When it was given; the default is before anything that could take it back.</summary>
    public DateTimeOffset GivenAt { get; init; }
    /// <summary>How often all that was given to the person's apps had been ended when this was given: a code is good while that stays so.</summary>
    public int Epoch { get; init; }
    /// <summary>When the browser session ends by itself, as it stood when this was given; null where nobody knows.</summary>
    public DateTimeOffset? SessionEndsAt { get; init; }
    /// <summary>Claims asked for by name in the claims parameter (OIDC Core §5.5).</summary>
    public IReadOnlyList<string> UserInfoClaims { get; init; } = [];
    public IReadOnlyList<string> IdTokenClaims { get; init; } = [];

    /// <summary>OIDC Core §11: good while the person is away; any other grant ends with the browser session.</summary>
    internal bool IsOffline => Scopes.Contains(Tokens.ScopeCatalogue.OfflineAccess);
}

/// <summary>What an authorization code stands for until it is redeemed (RFC 6749 §4.1.2).</summary>
public sealed record CodeContent
{
    public required Grant Grant { get; init; }
    public required string RedirectUri { get; init; }
    public string? Nonce { get; init; }
    /// <summary>RFC 7636 S256 challenge; null when the client is allowed to send none.</summary>
    public string? CodeChallenge { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
}
