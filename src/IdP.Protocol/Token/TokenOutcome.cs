using IdP.Protocol.Clients;

namespace IdP.Protocol.Token;

/// <summary>What came of a token request.</summary>
public abstract record TokenOutcome
{
    private TokenOutcome() { }

    public sealed record Issued(TokenResponse Response, Client Client) : TokenOutcome;

    /// <param name="Error">For the client.</param>
    /// <param name="Client">Null until it is proven.</param>
    public sealed record Refused(ProtocolError Error, Client? Client) : TokenOutcome;
}

/// <summary>RFC 6749 §5.1. Subject and GrantId are for the host's audit, not for the answer.</summary>
public sealed record TokenResponse
{
    public required string AccessToken { get; init; }
    /// <summary>Seconds.</summary>
    public required int ExpiresIn { get; init; }
    public string? RefreshToken { get; init; }
    public string? IdToken { get; init; }
    public required IReadOnlyList<string> Scopes { get; init; }
    public required string Subject { get; init; }
    public string? GrantId { get; init; }
}
