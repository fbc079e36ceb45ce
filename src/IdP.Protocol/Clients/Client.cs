namespace IdP.Protocol.Clients;

/// <summary>A relying party as its operator registered it. Names follow Duende's, so that people can move; lifetimes are whole seconds.</summary>
public sealed record Client
{
    public required string ClientId { get; init; }
    public string? ClientName { get; init; }
    public string? ClientUri { get; init; }
    public string? LogoUri { get; init; }
    public string? PolicyUri { get; init; }
    public string? TosUri { get; init; }
    public bool Enabled { get; init; } = true;

    public IReadOnlyList<ClientSecret> ClientSecrets { get; init; } = [];
    public bool RequireClientSecret { get; init; } = true;
    /// <summary>"client_secret_basic", "client_secret_post" or "none"; null accepts basic and post alike.</summary>
    public string? TokenEndpointAuthMethod { get; init; }

    /// <summary>"authorization_code", "refresh_token", "client_credentials".</summary>
    public IReadOnlyList<string> AllowedGrantTypes { get; init; } = ["authorization_code"];
    public bool RequirePkce { get; init; } = true;
    public bool RequirePushedAuthorization { get; init; }
    public IReadOnlyList<string> RedirectUris { get; init; } = [];
    public IReadOnlyList<string> PostLogoutRedirectUris { get; init; } = [];
    public string? BackChannelLogoutUri { get; init; }
    public string? FrontChannelLogoutUri { get; init; }
    public IReadOnlyList<string> AllowedScopes { get; init; } = [];
    public IReadOnlyList<string> AllowedCorsOrigins { get; init; } = [];
    /// <summary>Whether offline_access may be asked for; without "refresh_token" among the grant types it means nothing.</summary>
    public bool AllowOfflineAccess { get; init; }

    internal bool MayStayOffline =>
        AllowedGrantTypes.Contains("refresh_token") && (AllowOfflineAccess || AllowedScopes.Contains(Tokens.ScopeCatalogue.OfflineAccess));

    public bool RequireConsent { get; init; }

    /// <summary>"jwt" (RFC 9068) or "reference" (opaque).</summary>
    public string AccessTokenType { get; init; } = "jwt";
    public int AccessTokenLifetime { get; init; } = 3600;
    public int IdentityTokenLifetime { get; init; } = 300;
    public int AuthorizationCodeLifetime { get; init; } = 60;
    public int AbsoluteRefreshTokenLifetime { get; init; } = 2_592_000;
    public int SlidingRefreshTokenLifetime { get; init; } = 1_296_000;
    /// <summary>"RS256" (the default of OIDC Registration §2) or "ES256", which costs a tenth. JWT access tokens are ES256 always.</summary>
    public string IdTokenSigningAlg { get; init; } = "RS256";
    /// <summary>The claims of the granted scopes are put into the id_token too, for apps that never ask userinfo; else only those named in claims.</summary>
    public bool AlwaysIncludeUserClaimsInIdToken { get; init; }
    /// <summary>When set, userinfo answers this client with a JWT signed so (OIDC Core §5.3.2).</summary>
    public string? UserInfoSignedResponseAlg { get; init; }

    /// <summary>"pwd" or "mfa": a demand on every sign-in for this client.</summary>
    public string? MinimumAcr { get; init; }
    /// <summary>A demand for mfa lets somebody who has bound nothing that would do bind it there and then.</summary>
    public bool BindOnDemand { get; init; } = true;
    /// <summary>Seconds for which a second factor must have been bound before it is good for mfa here; null: none.</summary>
    public int? MinimumFactorAge { get; init; }
    /// <summary>"WhenBound" or "OnRequest".</summary>
    public string SecondFactorPolicy { get; init; } = "WhenBound";
    /// <summary>Second factors good enough for mfa here, by kind ("totp") or by way of a kind ("app/push"); empty accepts what the server accepts.</summary>
    public IReadOnlyList<string> AcceptedFactors { get; init; } = [];
    /// <summary>Seconds a second factor stays good for mfa; null for the session's life.</summary>
    public int? StepUpMaxAge { get; init; }
    public bool TrustedDeviceSatisfiesAcr { get; init; }
}

/// <summary>A client secret at rest: high-entropy, so SHA-256 of its UTF-8 bytes, not a password hash.</summary>
public sealed record ClientSecret(byte[] Sha256, DateTimeOffset? ExpiresAt = null, string? Description = null);
