using System.Text.Json.Serialization;
using IdP.Server.Factors;
using IdP.Server.Hosting;

namespace IdP.Server.StepUp;

/// <summary>
/// A second factor's own proof, and nothing else: expiry, tries, single use, guess limits and audit belong to
/// <see cref="StepUpService"/>, once, around all factors. A further factor is one folder and one line in THE LIST.
/// </summary>
internal interface ISecondFactor
{
    FactorInfo Info { get; }

    /// <summary>Makes what the person must answer. Called once a challenge; the memo comes back at every answer.</summary>
    Task<Started> ChallengeAsync(Challenge challenge, CancellationToken cancel);

    Task<Verdict> VerifyAsync(Challenge challenge, Answer answer, CancellationToken cancel);

    /// <summary>What asking would do now, without doing it. Only factors that send something have an answer of their own.</summary>
    /// <param name="signIn">Asked for a sign-in, not for a change in the settings: mail keeps a reserve for it.</param>
    Task<Preview> PreviewAsync(string userId, bool signIn, CancellationToken cancel) => Task.FromResult(new Preview(null));

    /// <summary>The person went another way: stop what was set going (a push, a QR). Nothing to do for typed codes.</summary>
    Task CancelAsync(Challenge challenge, CancellationToken cancel) => Task.CompletedTask;

    /// <summary>One line that tells this binding from another, in the person's language: a label, a masked address, how many are left.</summary>
    string? Describe(FactorBinding binding) => binding.Label;

    /// <summary>Where a mail about the account reaches its owner through this binding; null for what is no address.</summary>
    string? AddressOf(FactorBinding binding) => null;

    /// <summary>What the person should do something about soon; null when all is well.</summary>
    string? Warn(FactorBinding binding) => null;
}

/// <param name="Id">Stable name in bindings, policies and URLs: "totp".</param>
/// <param name="Amr">RFC 8176 values that a success proves.</param>
/// <param name="ChallengeLife">How long one challenge may be answered.</param>
/// <param name="Words">The factor's own words in every language: "Name", "Instruction" (how to answer), "About" (one sentence for the settings).</param>
/// <param name="Sends">Asking sends something (a mail): only a post asks, never a link that somebody else may have made.</param>
/// <param name="IsFallback">For the day the others are lost: offered last, and never enough where a policy demands a factor.</param>
internal sealed record FactorInfo(string Id, IReadOnlyList<string> Amr, TimeSpan ChallengeLife, Texts Words, bool IsFallback = false, bool Sends = false)
{
    public string Name => Words.Get("Name");

    public string Instruction => Words.Get("Instruction");

    public string About => Words.Get("About");
}

/// <summary>How the page asks: data that the page draws, kept with the challenge so that a reload draws the same page.</summary>
[JsonDerivedType(typeof(EnterCode), "code")]
[JsonDerivedType(typeof(Acknowledge), "acknowledge")]
[JsonDerivedType(typeof(AwaitApproval), "approval")]
[JsonDerivedType(typeof(ScanQr), "qr")]
[JsonDerivedType(typeof(Custom), "custom")]
internal abstract record Prompt
{
    private Prompt() { }

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

    /// <summary>Confirmed elsewhere; here the person says that it is done.</summary>
    /// <param name="Number">What the person types on the phone.</param>
    internal sealed record AwaitApproval(string? Number) : Prompt;

    /// <summary>Scanned and confirmed elsewhere; here the person says that it is done.</summary>
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

    internal sealed record Approval(bool Approved, byte[] Evidence) : Answer;

    internal sealed record Custom(IReadOnlyDictionary<string, string> Data) : Answer;
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
    internal sealed record Passed(string Binding) : Verdict;

    internal sealed record Wrong : Verdict;

    /// <summary>Right once, and used already.</summary>
    internal sealed record AlreadyUsed : Verdict;

    /// <summary>The person said "not me".</summary>
    internal sealed record Denied : Verdict;
}
