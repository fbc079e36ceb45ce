using IdP.Server.Audit;
using IdP.Server.Storage;

namespace IdP.Server.StepUp;

/// <summary>Where an answer comes from.</summary>
/// <param name="ClientId">The app whose sign-in it is; null in this server's own pages, and on a phone.</param>
/// <param name="OwnBrowser">The person's own browser, known or trusted, by id: its tries are counted apart.</param>
internal sealed record Answerer(string? Address, string? ClientId = null, string? OwnBrowser = null)
{
    public static readonly Answerer Unknown = new((string?)null);
}

/// <summary>
/// Audit rows of answers to challenges and offers, in the same words wherever they are given. Details read "WAY, PURPOSE" and for a failure ": WHY".
/// "I have confirmed it" before it is confirmed is no answer and leaves no row.
/// </summary>
internal sealed class AnswerAudit(AuditLog audit)
{
    public const string Passed = "second-factor-passed", Approved = "second-factor-approved", Failed = "second-factor-failed";

    /// <summary>In the commit that uses the challenge up.</summary>
    public Task PassedAsync(Lane lane, Challenge challenge, Answerer from, CancellationToken cancel) =>
        audit.AddAsync(lane, Entry(Passed, challenge, from, challenge.UserId), cancel);

    /// <summary>In the commit that decides, elsewhere.</summary>
    public Task DecidedAsync(Lane lane, Challenge challenge, bool approved, Answerer from, CancellationToken cancel) =>
        audit.AddAsync(lane, approved
            ? Entry(Approved, challenge, from, challenge.UserId) : Entry(Failed, challenge, from, null, Why(new StepUpOutcome.Denied())), cancel);

    public Task FailedAsync(Challenge challenge, StepUpOutcome outcome, Answerer from) =>
        WriteAsync(Entry(Failed, challenge, from, null, Why(outcome)), outcome is StepUpOutcome.TooMany or StepUpOutcome.Stopped);

    /// <summary>A success is a row of its own, with the binding: "factor-bound".</summary>
    public Task FailedAsync(EnrolmentOffer offer, EnrolmentOutcome outcome, string? address) => WriteAsync(
        new(Failed, UserId: offer.UserId, Address: address, Details: $"{offer.Factor}, bind: {(outcome is EnrolmentOutcome.TooMany ? "too many tries" : "wrong")}"),
        outcome is EnrolmentOutcome.TooMany);

    // An answer that was not looked at can be repeated as often as one likes: those of an hour are one row.
    private Task WriteAsync(AuditEntry entry, bool sum) => sum
        ? audit.SumAsync(entry, $"{entry.UserId} {entry.Address} {entry.Details}", CancellationToken.None)
        : audit.WriteAsync(entry, CancellationToken.None);

    private static AuditEntry Entry(string action, Challenge challenge, Answerer from, string? actor, string? why = null) => new(
        action, actor, challenge.UserId, from.ClientId, from.Address, $"{challenge.Factor}, {PurposeOf(challenge)}{(why is null ? null : ": " + why)}");

    // "settings:SESSION:unbind:BINDING" without the session.
    private static string PurposeOf(Challenge challenge) => challenge.IsSignIn ? "sign-in" : challenge.Purpose[(challenge.Purpose.IndexOf(':', challenge.Purpose.IndexOf(':', StringComparison.Ordinal) + 1) + 1)..];

    private static string Why(StepUpOutcome outcome) => outcome switch
    {
        StepUpOutcome.Wrong => "wrong",
        StepUpOutcome.AlreadyUsed => "used before",
        StepUpOutcome.Denied => "refused by the person",
        StepUpOutcome.TooMany => "too many tries",
        StepUpOutcome.Stopped => "stopped after too many tries",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, null),
    };
}
