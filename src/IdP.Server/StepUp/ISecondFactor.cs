using System.Text.Json.Serialization;
using IdP.Server.Accounts;
using IdP.Server.Hosting;

namespace IdP.Server.StepUp;

/// <summary>
/// One way to ask for a kind of second factor (<see cref="IEnrolment"/>), and to look at the answer: expiry, tries, single use, guess limits and audit
/// belong to <see cref="StepUpService"/>, once, around all ways. A further kind is one folder and one line in THE LIST.
/// </summary>
internal interface ISecondFactor
{
    FactorInfo Info { get; }

    /// <summary>Makes what the person must answer. Called once a challenge; the memo comes back at every answer.</summary>
    Task<Started> ChallengeAsync(NewChallenge challenge, CancellationToken cancel);

    /// <summary>
    /// Judges an answer: a code from the page, or, where the prompt awaits an approval, the <see cref="Answer.Approval"/> that an endpoint of the factor gave to
    /// <see cref="Approvals.ApproveAsync"/>. Nothing else reaches a way that awaits an approval.
    /// </summary>
    Task<Verdict> VerifyAsync(Challenge challenge, Answer answer, CancellationToken cancel);

    /// <summary>What asking would do now, without doing it. Only factors that send something have an answer of their own.</summary>
    /// <param name="signIn">Asked for a sign-in, not for a change in the settings: mail keeps a reserve for it.</param>
    Task<Preview> PreviewAsync(string userId, bool signIn, CancellationToken cancel) => Task.FromResult(new Preview(null));

    /// <summary>The person went another way: stop what was set going (a push, a QR). Nothing to do for typed codes.</summary>
    Task CancelAsync(Challenge challenge, CancellationToken cancel) => Task.CompletedTask;
}

/// <param name="ChallengeLife">How long one challenge may be answered.</param>
/// <param name="Way">Name of the way within its kind: "push"; null where the kind has one way only.</param>
/// <param name="Sending">What asking sends: then only a post asks, never a link that somebody else may have made.</param>
internal sealed record FactorInfo(FactorKind Kind, TimeSpan ChallengeLife, string? Way = null, Sending Sending = Sending.Nothing)
{
    public bool Sends => Sending != Sending.Nothing;

    /// <summary>In challenges, lists of accepted factors and URLs: "totp", "app/push".</summary>
    public string Id { get; } = FactorIds.Of(Kind.Id, Way);

    public Texts Words => Kind.Words;

    public string Name => (Way is null ? null : Words.Find("Name_" + Way)) ?? Kind.Name;

    public string Instruction => (Way is null ? null : Words.Find("Instruction_" + Way)) ?? Kind.Instruction;
}

internal enum Sending
{
    Nothing,
    /// <summary>A code, by mail.</summary>
    Code,
    /// <summary>A request, to a phone.</summary>
    Request,
}

/// <summary>What a way is told when it asks.</summary>
/// <param name="Id">The challenge's; answers come back with the same.</param>
/// <param name="IsSignIn">Asked for a sign-in, not for a change in the settings.</param>
/// <param name="Circumstances">What the person is told elsewhere (a mail, a phone) about who asks.</param>
internal sealed record NewChallenge(string Id, string UserId, DateTimeOffset ExpiresAt, bool IsSignIn, Circumstances Circumstances);

/// <summary>How the page asks: data that the page draws, kept with the challenge so that a reload draws the same page.</summary>
[JsonDerivedType(typeof(EnterCode), "code")]
[JsonDerivedType(typeof(Acknowledge), "acknowledge")]
[JsonDerivedType(typeof(AwaitApproval), "approval")]
[JsonDerivedType(typeof(ScanQr), "qr")]
[JsonDerivedType(typeof(Custom), "custom")]
internal abstract record Prompt
{
    private Prompt() { }

    /// <summary>Whether another may be asked for instead of this one, and from when on; the earliest time means now.</summary>
    public bool OffersAnother(out DateTimeOffset at)
    {
        var again = this switch { EnterCode code => code.AgainAt, AwaitApproval approval => approval.Again, ScanQr => DateTimeOffset.MinValue, _ => null };
        at = again ?? default;
        return again is not null;
    }

    /// <param name="Length">How many characters.</param>
    /// <param name="SentTo">
    /// Where the code went: masked, but whole while it is being bound, so that a typo shows. Null when the person makes the code.
    /// </param>
    /// <param name="AgainAt">When another one may be asked for; null when there is nothing to send.</param>
    /// <param name="Letters">Not digits alone.</param>
    /// <param name="Notice">Key of the factor's own words: what the person should know before waiting for the code.</param>
    internal sealed record EnterCode(int Length, string? SentTo = null, DateTimeOffset? AgainAt = null, bool Letters = false, string? Notice = null) : Prompt;

    /// <summary>Nothing to type: the person has read what is shown, and says so.</summary>
    internal sealed record Acknowledge : Prompt;

    /// <summary>Approved elsewhere (<see cref="Approvals"/>); the page waits, and goes on by itself.</summary>
    /// <param name="Number">What the person types on the phone.</param>
    /// <param name="Again">When the request may be sent again; null: never.</param>
    internal sealed record AwaitApproval(string? Number, DateTimeOffset? Again = null) : Prompt;

    /// <summary>Scanned and approved elsewhere; the page waits, and goes on by itself. Another one can be had at any time.</summary>
    /// <param name="Fallback">What to type there instead.</param>
    internal sealed record ScanQr(string Payload, string? Fallback) : Prompt;

    /// <param name="View">Path of the factor's own partial page, drawn from the data inside the page's form; its fields come back in <see cref="Answer.Custom"/>.</param>
    internal sealed record Custom(string View, IReadOnlyDictionary<string, string> Data) : Prompt;
}

internal abstract record Answer
{
    private Answer() { }

    internal sealed record Code(string Value) : Answer;

    /// <summary>The person says that it is read, or done. Whether what was to be done elsewhere is done, the factor alone knows.</summary>
    internal sealed record Acknowledged : Answer;

    /// <summary>Given elsewhere, through an endpoint of the factor, never by a page.</summary>
    /// <param name="Evidence">The factor's own: what the other device sent and signed.</param>
    internal sealed record Approval(byte[] Evidence) : Answer;

    internal sealed record Custom(IReadOnlyDictionary<string, string> Data) : Answer;

    /// <summary>
    /// Whether a right answer could be hit upon by trying: then each one is counted. "I have confirmed it" is no guess where the confirmation is made
    /// elsewhere, however often it is said.
    /// </summary>
    public bool IsGuess(Prompt prompt) => this is not Acknowledged || prompt is not (Prompt.AwaitApproval or Prompt.ScanQr);
}

internal abstract record Started
{
    private Started() { }

    internal sealed record Asked(Prompt Prompt, byte[] Memo) : Started;

    /// <param name="Reason">Key of the factor's own words: what is the matter, and what to do.</param>
    /// <param name="AgainAt">When it can; null where nobody knows.</param>
    internal sealed record CannotAsk(string Reason, DateTimeOffset? AgainAt = null) : Started;
}

/// <param name="Place">Masked place that a code would go to; null where nothing is sent.</param>
/// <param name="Reason">Why it could not ask now: key of the factor's own words. Null when it can, as far as is known.</param>
/// <param name="AgainAt">When it can again.</param>
internal sealed record Preview(string? Place, string? Reason = null, DateTimeOffset? AgainAt = null);

internal abstract record Verdict
{
    private Verdict() { }

    /// <param name="Binding">Id of the binding that was proven.</param>
    /// <param name="Amr">RFC 8176 values for what was proven.</param>
    /// <param name="TrustThisBrowser">What the person said elsewhere (on the phone) about this browser; null: the box on the page decides.</param>
    internal sealed record Passed(string Binding, IReadOnlyList<string> Amr, bool? TrustThisBrowser = null) : Verdict;

    internal sealed record Wrong : Verdict;

    /// <summary>Right once, and used already.</summary>
    internal sealed record AlreadyUsed : Verdict;

    /// <summary>The person said "not me".</summary>
    internal sealed record Denied : Verdict;
}
