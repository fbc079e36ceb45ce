using System.Globalization;

namespace IdP.Protocol.Tokens;

/// <summary>What an access token says, JWT or opaque alike (RFC 9068 §2.2). Subject is the client itself for client_credentials.</summary>
public sealed record AccessTokenContent
{
    public required string Jti { get; init; }
    public required string ClientId { get; init; }
    public required string Subject { get; init; }
    public required IReadOnlyList<string> Audience { get; init; }
    public required IReadOnlyList<string> Scopes { get; init; }
    public required DateTimeOffset IssuedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public string? SessionId { get; init; }
    public DateTimeOffset? AuthTime { get; init; }
    public string? Acr { get; init; }
    public IReadOnlyList<string> Amr { get; init; } = [];
    /// <summary>Names asked for through the claims parameter's userinfo member; not sent in JWTs to resource servers, kept as "ucl".</summary>
    public IReadOnlyList<string> UserInfoClaims { get; init; } = [];

    /// <summary>The jti is "grant~random.milliseconds" for tokens that grew from a grant, "random" otherwise.</summary>
    public string? GrantId => Jti.IndexOf('~', StringComparison.Ordinal) is > 0 and var cut ? Jti[..cut] : null;

    /// <summary>
    /// What iat, in whole seconds, leaves out of the time of issue: a token given in the second in which everything before was taken back must be told from
    /// one given after it. 0 when the jti does not say.
    /// </summary>
    internal static int MillisecondsIn(string jti) =>
        jti.LastIndexOf('.') is > 0 and var cut && int.TryParse(jti.AsSpan(cut + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds < 1000 ? milliseconds : 0;
}
