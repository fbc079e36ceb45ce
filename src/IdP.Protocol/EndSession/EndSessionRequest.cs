using IdP.Protocol.Clients;

namespace IdP.Protocol.EndSession;

/// <summary>What the host needs to end a session for a relying party.</summary>
public sealed record EndSessionRequest
{
    /// <summary>The client that asks, proven by hint or only named by client_id; null when unknown.</summary>
    public Client? Client { get; init; }
    /// <summary>The sub of a verified id_token_hint.</summary>
    public string? HintedSubject { get; init; }
    /// <summary>The sid of a verified id_token_hint.</summary>
    public string? HintedSessionId { get; init; }
    /// <summary>Registered post-logout address (RFC 8252 §7.3: on loopback with any port), state included, ready to be redirected to when the session has ended; null: show the signed-out page.</summary>
    public string? RedirectTo { get; init; }
    /// <summary>What was wrong, for log and page; then there is no redirect.</summary>
    public ProtocolError? Problem { get; init; }
    /// <summary>BCP 47 tags in the client's order.</summary>
    public IReadOnlyList<string> UiLocales { get; init; } = [];

    /// <summary>
    /// §6: without a hint for exactly this session anybody could have made the request, so the person is asked.
    /// </summary>
    public bool MayEndWithoutAsking(string sessionSubject, string sessionId) =>
        Problem is null && HintedSubject == sessionSubject && HintedSessionId == sessionId;

    internal static EndSessionRequest Untrusted(string why) => new() { Problem = ProtocolError.InvalidRequest(why) };
}
