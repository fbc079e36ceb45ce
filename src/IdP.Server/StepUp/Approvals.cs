using System.Security.Cryptography;
using IdP.Server.Factors;
using IdP.Server.Storage;

namespace IdP.Server.StepUp;

/// <summary>What came of an approval or a refusal that was given elsewhere.</summary>
internal abstract record ApprovalOutcome
{
    private ApprovalOutcome() { }

    internal sealed record Approved : ApprovalOutcome;

    internal sealed record Denied : ApprovalOutcome;

    /// <summary>It proves nothing, and cost one of the challenge's five tries.</summary>
    internal sealed record Wrong : ApprovalOutcome;

    /// <summary>Decided before, by this answer or another: the first one stands.</summary>
    /// <param name="Approval">Whether it was an approval.</param>
    internal sealed record AlreadyDecided(bool Approval) : ApprovalOutcome;

    /// <summary>Expired, cancelled, out of tries, not for this kind or binding, or never there: whoever asks is not told which.</summary>
    internal sealed record Unknown : ApprovalOutcome;
}

/// <summary>How a challenge or an offer stands, for the page that waits.</summary>
internal enum WaitingState
{
    Waiting,
    Approved,
    Denied,
    /// <summary>Expired, cancelled, claimed, or not this browser's.</summary>
    Over,
}

/// <summary>
/// The half of a challenge that another device answers. <b>Approve and claim are two acts by two parties</b>: a phone approves here, through an endpoint of its
/// factor; only the browser that started the challenge can claim (<see cref="StepUpService.ClaimAsync"/>), once.
/// </summary>
internal sealed class Approvals(Challenges challenges, SecondFactors factors, FactorBindings bindings, AnswerAudit audit)
{
    /// <summary>
    /// The first decision stands, whatever comes at the same moment or later. The factor's <see cref="ISecondFactor.VerifyAsync"/> judges the evidence; the
    /// binding that it names must be the asked person's, and of the challenge's kind.
    /// </summary>
    /// <param name="kind">The caller's: a challenge of another kind is unknown to it.</param>
    /// <param name="address">Where the approval comes from.</param>
    public async Task<ApprovalOutcome> ApproveAsync(string challengeId, string kind, Answer.Approval answer, string? address, CancellationToken cancel)
    {
        if (await challenges.LoadAsync(challengeId, cancel) is not { Value: { IsApprovedElsewhere: true } present } || present.Kind != kind)
            return new ApprovalOutcome.Unknown();
        if (present.State is ChallengeState.Approved or ChallengeState.Denied)
            return new ApprovalOutcome.AlreadyDecided(present.State == ChallengeState.Approved);
        // Counted before it is looked at, so that parallel guesses at the evidence gain nothing.
        if (factors.Find(present.Factor) is not { } factor
            || await challenges.CountTryAsync(challengeId, challenge => challenge.Kind == kind, cancel) is not { } seen)
            return await AgainAsync(challengeId, cancel);

        var (challenge, from) = (seen.Value, new Answerer(address));
        switch (await factor.VerifyAsync(challenge, answer, cancel))
        {
            case Verdict.Passed passed when await bindings.FindAsync(challenge.UserId, passed.Binding, cancel) is { } binding && binding.Factor == kind:
                return await DecideAsync(seen, passed, from, cancel);
            case Verdict.Passed:
                return new ApprovalOutcome.Unknown();
            case Verdict.Denied:
                return await DecideAsync(seen, null, from, cancel);
            default:
                await audit.FailedAsync(challenge, new StepUpOutcome.Wrong(), from);
                return new ApprovalOutcome.Wrong();
        }
    }

    /// <summary>For the page that waits; <see cref="WaitingState.Over"/> for whoever is not its browser.</summary>
    public async Task<WaitingState> StatusAsync(string? challengeId, byte[] browserHash, CancellationToken cancel)
    {
        if (await challenges.LoadAsync(challengeId, cancel) is not { Value: var challenge }
            || !CryptographicOperations.FixedTimeEquals(challenge.BrowserHash, browserHash))
            return WaitingState.Over;
        return challenge.State switch
        {
            ChallengeState.Approved => WaitingState.Approved,
            ChallengeState.Denied => WaitingState.Denied,
            _ => challenge is { TakesAnswers: true, IsApprovedElsewhere: true } ? WaitingState.Waiting : WaitingState.Over,
        };
    }

    // If we crash between the two the challenge stays undecided until it expires, and the person asks again.
    private async Task<ApprovalOutcome> DecideAsync(Stored<Challenge> seen, Verdict.Passed? passed, Answerer from, CancellationToken cancel)
    {
        var challenge = seen.Value;
        if (!await challenges.DecideAsync(challenge, lane => audit.DecidedAsync(lane, challenge, passed is not null, from, cancel), cancel))
            return await AgainAsync(challenge.Id, cancel);
        if (!await challenges.MoveAsync(seen, passed is null ? ChallengeState.Denied : ChallengeState.Approved, cancel, passed))
            return new ApprovalOutcome.Unknown();
        return passed is null ? new ApprovalOutcome.Denied() : new ApprovalOutcome.Approved();
    }

    private async Task<ApprovalOutcome> AgainAsync(string challengeId, CancellationToken cancel) =>
        await challenges.LoadAsync(challengeId, cancel) is { Value: { State: ChallengeState.Approved or ChallengeState.Denied } decided }
            ? new ApprovalOutcome.AlreadyDecided(decided.State == ChallengeState.Approved) : new ApprovalOutcome.Unknown();
}
