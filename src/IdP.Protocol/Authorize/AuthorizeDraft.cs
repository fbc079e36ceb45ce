using IdP.Protocol.Clients;

namespace IdP.Protocol.Authorize;

/// <summary>A request on its way through THE LIST: each check reads what earlier ones proved and adds its own.</summary>
internal sealed class AuthorizeDraft(Parameters sent)
{
    /// <summary>What counts: the parameters sent, or those behind the pushed request's handle.</summary>
    public Parameters Sent { get; set; } = sent;

    /// <summary>True once the client itself, authenticated, has handed the parameters in (RFC 9126), also when it is doing so right now.</summary>
    public bool Pushed { get; set; }
    public string? PushedHandle { get; set; }

    /// <summary>A sign-in in progress looks again: what was proven once about how the request arrived is not asked twice.</summary>
    public bool Rechecking { get; init; }

    public Client? Client { get; set; }
    public ResponseTarget? Target { get; set; }
    public IReadOnlyList<string> Scopes { get; set; } = [];
    public string? CodeChallenge { get; set; }
    public Prompts Prompts { get; set; }
    public TimeSpan? MaxAge { get; set; }
    public IReadOnlyList<string> AcrValues { get; set; } = [];
    public IReadOnlyList<string>? EssentialAcr { get; set; }
    public IReadOnlyList<string> UserInfoClaims { get; set; } = [];
    public IReadOnlyList<string> IdTokenClaims { get; set; } = [];
    public string? HintedSubject { get; set; }
    public IReadOnlyList<string> UiLocales { get; set; } = [];

    public Client ProvenClient => Client ?? throw new InvalidOperationException("A check that needs the client stands before the one that proves it.");

    public AuthorizeOutcome Refused(ProtocolError error) =>
        Target is { } target ? new AuthorizeOutcome.ForTheClient(error, target) : new AuthorizeOutcome.ForThePerson(error);

    public AuthorizeOutcome Accepted() => new AuthorizeOutcome.Valid(new AuthorizeRequest
    {
        Client = ProvenClient,
        Target = Target ?? throw new InvalidOperationException("No check proved the redirect URI."),
        Scopes = Scopes,
        Nonce = Sent["nonce"],
        CodeChallenge = CodeChallenge,
        PromptNone = Prompts.HasFlag(Prompts.None),
        PromptLogin = Prompts.HasFlag(Prompts.Login),
        PromptConsent = Prompts.HasFlag(Prompts.Consent),
        PromptSelectAccount = Prompts.HasFlag(Prompts.SelectAccount),
        MaxAge = MaxAge,
        AcrValues = AcrValues,
        EssentialAcr = EssentialAcr,
        UserInfoClaims = UserInfoClaims,
        IdTokenClaims = IdTokenClaims,
        LoginHint = Sent["login_hint"],
        HintedSubject = HintedSubject,
        UiLocales = UiLocales,
        PushedHandle = PushedHandle,
        Parameters = AuthorizeParameters.Known(Sent),
    });
}

[Flags]
internal enum Prompts
{
    Unspecified = 0,
    None = 1,
    Login = 2,
    Consent = 4,
    SelectAccount = 8,
}
