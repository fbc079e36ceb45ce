using IdP.Protocol;
using IdP.Protocol.Authorize;
using IdP.Protocol.Tokens;
using IdP.Server.Accounts;
using IdP.Server.DeviceTrust;
using IdP.Server.StepUp;
using IdP.Server.Storage.Clients;

namespace IdP.Server.SignIn;

/// <summary>Everything the decider may look at. Built anew for every request; nothing in it can be changed by a form.</summary>
internal sealed record Situation
{
    public required AuthorizeRequest Request { get; init; }
    /// <summary>Null before a page was needed.</summary>
    public SignInProgress? Progress { get; init; }
    /// <summary>This browser's living session.</summary>
    public Session? Session { get; init; }
    /// <summary>The person of <see cref="SignInProgress.UserId"/>, else of the session; null when unknown or disabled.</summary>
    public UserRecord? Person { get; init; }
    /// <summary>What this browser is for this person, when it is a living trusted device.</summary>
    public TrustedDevice? TrustedDevice { get; init; }
    public IReadOnlyList<string> ConsentedScopes { get; init; } = [];
    public IReadOnlyList<BindingPolicy> BindingPolicies { get; init; } = [];
    /// <summary>Kinds that this server can bind, fallbacks left out.</summary>
    public IReadOnlyList<string> Bindable { get; init; } = [];
    /// <summary>Whether a demand for mfa may lead to binding a factor; the client has a word of its own.</summary>
    public bool BindOnDemand { get; init; }
    /// <summary>Ways of the installed kinds; a kind that is not here is its own only way.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Ways { get; init; } = new Dictionary<string, IReadOnlyList<string>>();
    /// <summary>Ways this server accepts for mfa, and kinds that it accepts whichever way they were proven.</summary>
    public required IReadOnlyCollection<string> AcceptedFactors { get; init; }
    /// <summary>Ways of what stands in for lost factors: recovery codes.</summary>
    public IReadOnlyCollection<string> Fallbacks { get; init; } = [];
    public required AcrLevels Levels { get; init; }
    public required DateTimeOffset Now { get; init; }

    public IReadOnlyList<string> WaysOf(string kind) => Ways.TryGetValue(kind, out var ways) ? ways : [kind];

    /// <summary>Every way of everything that is bound; what is not installed any more is there by its kind.</summary>
    public IReadOnlyList<string> BoundWays => [.. Person!.BoundFactors.SelectMany(WaysOf)];
}

/// <summary>What comes next.</summary>
internal abstract record NextStep
{
    private NextStep() { }

    internal sealed record Password : NextStep;

    /// <param name="Factors">Ways of bound factors that would do, never of one that is not bound.</param>
    internal sealed record Verify(IReadOnlyList<string> Factors) : NextStep;

    /// <summary>A policy wants a second factor bound before anything is answered, or the app demands mfa of somebody who has none that would do.</summary>
    /// <param name="Factors">Kinds that may be chosen.</param>
    /// <param name="Skips">What the policy allows in all; <paramref name="SkipsLeft"/> of it are left.</param>
    /// <param name="OnDemand">The app's demand and no policy; who declines leaves it unmet.</param>
    internal sealed record Bind(IReadOnlyList<string> Factors, int Skips, int SkipsLeft, bool OnDemand = false) : NextStep;

    internal sealed record Consent : NextStep;

    internal sealed record Finish(SignedIn Who) : NextStep;

    /// <summary>The standard's error, to the client.</summary>
    internal sealed record Refuse(ProtocolError Error) : NextStep;
}

/// <summary>The truth that tokens will tell.</summary>
/// <param name="Acr">The name to say: one of the client's where it asked by name.</param>
/// <param name="Proofs">What the session will hold from now on: never what a trusted device stands for.</param>
/// <param name="SparedBy">The trusted device that made a second step needless; the session ends with it.</param>
internal sealed record SignedIn(string UserId, DateTimeOffset AuthTime, string Acr, IReadOnlyList<string> Amr, Proofs Proofs, string? SparedBy = null);

/// <summary>
/// THE ONLY DECIDER. A pure function of the situation: pages, polls and links never say what comes next, they come back here.
/// </summary>
internal static class SignInFlow
{
    public static NextStep Next(Situation now) => now.Progress is { Refused: true } ? AfterRefusal(now) : Step(now);

    /// <summary>Declining to bind what the app demands leaves its demand unmet; every other refusal is the person's own.</summary>
    private static NextStep AfterRefusal(Situation now) => Step(now) is NextStep.Bind { OnDemand: true } ? Declined : Denied;

    private static NextStep Step(Situation now)
    {
        var request = now.Request;
        var proven = Proven.From(now);
        if (now.Person is null || !proven.PasswordFresh)
            return request.PromptNone ? LoginRequired : new NextStep.Password();

        // OIDC Core §3.1.2.2: the person the hint names, or no answer at all.
        if (request.HintedSubject is { } hinted && hinted != now.Person.Id)
            return LoginRequired;

        if (Binding(now, proven) is { } bindFirst)
            return bindFirst;

        var acr = AcrWish.Read(now);
        if (acr.Hindrance != AcrHindrance.None)
            return acr.Hindrance == AcrHindrance.NothingBound ? BindingOnDemand(now, proven) : UnmetBecause(acr.Hindrance);

        var asksByPolicy = request.Client.SecondFactorPolicy != "OnRequest" && now.Person.BoundFactors.Count > 0;
        var trust = Trust.Read(now, proven);
        // The app accepts a trusted device for mfa: its tokens tell of the factor that was really done, and when.
        var onTrust = acr.Target == AcrLevels.Mfa && !proven.ReachesMfa ? trust.AcceptedForMfa : null;
        if (acr.Target == AcrLevels.Mfa && !proven.ReachesMfa && onTrust is null)
            return request.PromptNone ? InteractionRequired : new NextStep.Verify(acr.Usable);
        // Who unbinds with a proof of that very binding has none left, and is not thrown out of the pages where it was done.
        var settled = proven.OwnPagesStayOpen && request.Client.ClientId == ClientValidator.OwnId;
        var sparedByDevice = asksByPolicy && !proven.AnyFactorFresh && !settled;
        if (sparedByDevice && !trust.Spares)
            return request.PromptNone ? InteractionRequired : new NextStep.Verify(PreferUsable(now.BoundWays, acr.Usable));

        if (ConsentNeeded(now))
            return request.PromptNone ? ConsentRequired : new NextStep.Consent();

        return new NextStep.Finish(new SignedIn(
            now.Person.Id, onTrust?.At ?? proven.PasswordAt, acr.NameFor(proven.ReachesMfa || onTrust is not null),
            onTrust is null ? proven.Amr : [.. proven.Amr.Union(onTrust.Amr)], proven.ForSession,
            sparedByDevice || onTrust is not null ? now.TrustedDevice!.Id : null));
    }

    /// <summary>Forced binding comes before everything that could be answered.</summary>
    private static NextStep? Binding(Situation now, Proven proven)
    {
        var person = now.Person!;
        if (BindingDemand.Read(now.BindingPolicies, person, now.Request.Client.ClientId, person.BoundFactors, now.Bindable, now.Now) is not { } demand
            || proven.BindingPutOff <= demand.Skips)
            return null;
        if (now.Request.PromptNone)
            return BindingRequired;
        return ProofBeforeBinding(now, proven) ?? new NextStep.Bind(demand.Factors, demand.Skips, demand.SkipsLeft(person));
    }

    /// <summary>
    /// The app demands mfa of somebody who has bound nothing that would do: it is bound here, among what would. Where the client wants factors of some age,
    /// its demand stays unmet until the new one is old enough.
    /// </summary>
    private static NextStep BindingOnDemand(Situation now, Proven proven)
    {
        string[] choice = [.. now.Bindable.Where(kind => now.WaysOf(kind).Any(way => Proven.Accepts(now, way)))];
        if (!now.BindOnDemand || !now.Request.Client.BindOnDemand || choice.Length == 0)
            return Unmet;
        if (now.Request.PromptNone)
            return BindingRequired;
        return ProofBeforeBinding(now, proven) ?? new NextStep.Bind(choice, Skips: 0, SkipsLeft: 0, OnDemand: true);
    }

    /// <summary>
    /// Whoever binds has typed the password in this very sign-in, and done a second factor in it where any is bound, whatever its strength: a session left
    /// open must not be enough to bind somebody else's phone. Null when both are done.
    /// </summary>
    private static NextStep? ProofBeforeBinding(Situation now, Proven proven)
    {
        if (!proven.PasswordTypedHere)
            return new NextStep.Password();
        var guarding = GuardingFactors.Among(now.BoundWays, now.AcceptedFactors, now.Fallbacks);
        return guarding.Count > 0 && !proven.FactorsDoneHere.Any(guarding.Contains) ? new NextStep.Verify(guarding) : null;
    }

    private static bool ConsentNeeded(Situation now)
    {
        var request = now.Request;
        if (now.Progress?.ConsentedBy is { } by && by == now.Person!.Id)
            return false;
        return request.PromptConsent
            || (request.Client.RequireConsent && request.Scopes.Any(scope => !now.ConsentedScopes.Contains(scope)));
    }

    /// <summary>A factor that also reaches mfa saves the person a second round; where none does, any bound one serves the policy.</summary>
    private static IReadOnlyList<string> PreferUsable(IReadOnlyList<string> bound, IReadOnlyList<string> usable) =>
        usable.Count > 0 ? usable : bound;

    private static readonly NextStep Denied = new NextStep.Refuse(new("access_denied", "The person did not go on."));
    private static readonly NextStep LoginRequired = new NextStep.Refuse(new("login_required", "The person has to sign in."));
    private static readonly NextStep InteractionRequired = new NextStep.Refuse(new("interaction_required", "The person has to do a second factor."));
    private static readonly NextStep BindingRequired = new NextStep.Refuse(new("interaction_required", "The person has to bind a second factor."));
    private static readonly NextStep ConsentRequired = new NextStep.Refuse(new("consent_required", "The person has to consent."));

    private static readonly NextStep Declined = new NextStep.Refuse(new("unmet_authentication_requirements", "The person did not bind a second factor."));
    private static readonly NextStep Unmet = UnmetBecause(AcrHindrance.NothingBound);

    /// <summary>OpenID Connect Core Error Code unmet_authentication_requirements: no weaker token instead.</summary>
    private static NextStep UnmetBecause(AcrHindrance hindrance) => new NextStep.Refuse(new("unmet_authentication_requirements",
        hindrance == AcrHindrance.BoundTooRecently
            ? "The person's second factor was bound too recently for this client."
            : "The requested authentication context cannot be reached for this person."));
}
