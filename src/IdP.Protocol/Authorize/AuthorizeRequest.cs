using IdP.Protocol.Clients;

namespace IdP.Protocol.Authorize;

/// <summary>A request to <c>/connect/authorize</c> that passed THE LIST of checks (OIDC Core §3.1.2.1).</summary>
public sealed record AuthorizeRequest
{
    public required Client Client { get; init; }
    public required ResponseTarget Target { get; init; }
    public required IReadOnlyList<string> Scopes { get; init; }
    public string? Nonce { get; init; }
    public string? CodeChallenge { get; init; }
    public bool PromptNone { get; init; }
    public bool PromptLogin { get; init; }
    public bool PromptConsent { get; init; }
    public bool PromptSelectAccount { get; init; }
    public TimeSpan? MaxAge { get; init; }
    /// <summary>The wish list, in the client's order, names as sent; unknown names dropped.</summary>
    public IReadOnlyList<string> AcrValues { get; init; } = [];
    /// <summary>Names of an essential acr in the claims parameter's id_token member; null when it is not a demand. Empty: only that acr be told.</summary>
    public IReadOnlyList<string>? EssentialAcr { get; init; }
    public IReadOnlyList<string> UserInfoClaims { get; init; } = [];
    public IReadOnlyList<string> IdTokenClaims { get; init; } = [];
    public string? LoginHint { get; init; }
    /// <summary>The sub of a verified id_token_hint.</summary>
    public string? HintedSubject { get; init; }
    /// <summary>BCP 47 tags in the client's order.</summary>
    public IReadOnlyList<string> UiLocales { get; init; } = [];
    /// <summary>The handle of the pushed request, to be taken when the code is issued.</summary>
    public string? PushedHandle { get; init; }
    /// <summary>The parameters that were checked (those behind request_uri, if any): a sign-in in progress keeps them and has them checked again at every step.</summary>
    public required IReadOnlyDictionary<string, string> Parameters { get; init; }
}

/// <summary>Where an authorization response may go: proven to be registered. <see cref="ResponseMode"/> is "query" or "form_post".</summary>
public sealed record ResponseTarget(string RedirectUri, string ResponseMode, string? State);

/// <summary>What came of reading an authorize request. Until client and redirect URI are proven, an error is the person's to read, nobody else's.</summary>
public abstract record AuthorizeOutcome
{
    private AuthorizeOutcome() { }

    public sealed record Valid(AuthorizeRequest Request) : AuthorizeOutcome;

    public sealed record ForThePerson(ProtocolError Error) : AuthorizeOutcome;

    public sealed record ForTheClient(ProtocolError Error, ResponseTarget Target) : AuthorizeOutcome;
}
