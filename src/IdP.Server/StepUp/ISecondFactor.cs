using System.Text.Json.Serialization;
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

    /// <summary>The person went another way: stop what was set going (a push, a QR). Nothing to do for typed codes.</summary>
    Task CancelAsync(Challenge challenge, CancellationToken cancel) => Task.CompletedTask;
}

/// <param name="Id">Stable name in bindings, policies and URLs: "totp".</param>
/// <param name="Amr">RFC 8176 values that a success proves.</param>
/// <param name="ChallengeLife">How long one challenge may be answered.</param>
/// <param name="Words">The factor's own "Name" and "Instruction", in every language.</param>
internal sealed record FactorInfo(string Id, IReadOnlyList<string> Amr, TimeSpan ChallengeLife, Texts Words)
{
    public string Name => Words.Get("Name");

    public string Instruction => Words.Get("Instruction");
}

/// <summary>How the page asks: data that the page draws, kept with the challenge so that a reload draws the same page.</summary>
[JsonDerivedType(typeof(EnterCode), "code")]
[JsonDerivedType(typeof(AwaitApproval), "approval")]
[JsonDerivedType(typeof(ScanQr), "qr")]
[JsonDerivedType(typeof(Custom), "custom")]
internal abstract record Prompt
{
    private Prompt() { }

    /// <param name="SentTo">Masked place the code went to; null when the person makes the code.</param>
    internal sealed record EnterCode(int Digits, string? SentTo = null) : Prompt;

    /// <param name="Number">What the person types on the phone.</param>
    internal sealed record AwaitApproval(string? Number) : Prompt;

    internal sealed record ScanQr(string Payload, string? Fallback) : Prompt;

    internal sealed record Custom(string View, IReadOnlyDictionary<string, string> Data) : Prompt;
}

internal abstract record Answer
{
    private Answer() { }

    internal sealed record Code(string Value) : Answer;

    internal sealed record Approval(bool Approved, byte[] Evidence) : Answer;

    internal sealed record Custom(IReadOnlyDictionary<string, string> Data) : Answer;
}

internal sealed record Started(Prompt Prompt, byte[] Memo);

internal enum Verdict
{
    Passed,
    Wrong,
    /// <summary>Right once, and used already.</summary>
    AlreadyUsed,
    /// <summary>The person said "not me".</summary>
    Denied,
}

/// <summary>Binding and unbinding of one kind of second factor. An offer is kept ten minutes and is not yet a binding.</summary>
internal interface IEnrolment
{
    string Id { get; }

    /// <param name="accountName">As the person knows the account; shown by authenticator apps.</param>
    Task<EnrolmentOffer> OfferAsync(string userId, string accountName, CancellationToken cancel);

    /// <summary>True when the answer proved the offer and it is bound now. The offer is spent by its first success.</summary>
    Task<bool> ConfirmAsync(string userId, string offerId, Answer answer, CancellationToken cancel);

    Task<bool> RemoveAsync(string userId, string bindingId, CancellationToken cancel);
}

/// <param name="Show">What the page shows: for OTP "uri" and "secret".</param>
internal sealed record EnrolmentOffer(string Id, Prompt Prompt, IReadOnlyDictionary<string, string> Show);
