using System.Text;
using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Hosting;
using IdP.Server.Storage;

namespace IdP.Server.StepUp;

/// <summary>What came of an answer.</summary>
internal abstract record StepUpOutcome
{
    private StepUpOutcome() { }

    /// <param name="TrustThisBrowser">What the person said elsewhere about this browser; null: the box on the page decides.</param>
    internal sealed record Passed(FactorProof Proof, bool? TrustThisBrowser = null) : StepUpOutcome;

    /// <summary>Nobody has confirmed it elsewhere so far; cost no try.</summary>
    internal sealed record NotYet : StepUpOutcome;

    internal sealed record Wrong : StepUpOutcome;

    internal sealed record AlreadyUsed : StepUpOutcome;

    /// <summary>This challenge is over (five answers, time, cancelled, lost): a new one must be started.</summary>
    internal sealed record Over : StepUpOutcome;

    internal sealed record Denied : StepUpOutcome;

    internal sealed record TooMany(TimeSpan RetryAfter) : StepUpOutcome;

    /// <summary>A hundred wrong in a row: of no use until another second factor proves the person, or an operator opens it (<see cref="GuessLimits"/>).</summary>
    internal sealed record Stopped : StepUpOutcome;
}

/// <param name="Challenge">Null when nothing was asked.</param>
/// <param name="Reason">Why the factor could not ask, or could not now: key of the factor's own words.</param>
/// <param name="AgainAt">When it can.</param>
/// <param name="Place">Masked place that a code will go to once the person asks for it.</param>
internal sealed record ChallengeStart(Challenge? Challenge, string? Reason, DateTimeOffset? AgainAt = null, string? Place = null);

/// <summary>The lifecycle of a second step, once, around all factors: expiry, tries, guess limits, single use, whose browser, audit.</summary>
internal sealed class StepUpService(
    SecondFactors factors, Challenges challenges, WaitingChallenges waiting, SealedStore ephemeral, GuessLimits limits, AnswerAudit audit, TimeProvider clock)
{
    /// <summary>No person switches between more ways that send something.</summary>
    private const int MostSetAside = 4;
    /// <summary>Longer than any factor takes to send, and than a double click lasts.</summary>
    private static readonly TimeSpan SendingTakes = TimeSpan.FromSeconds(3);

    /// <summary>The first of these that can ask now or has asked; the first of all where none can.</summary>
    /// <param name="usable">In the order of preference.</param>
    public async Task<string> PreferAsync(
        string userId, IReadOnlyList<string> usable, string purpose, byte[] browserHash, string? current, CancellationToken cancel)
    {
        var signIn = purpose.StartsWith(Challenge.SignInPurpose, StringComparison.Ordinal);
        var seen = usable.Count > 1 ? await challenges.LoadAsync(current, userId, purpose, browserHash, cancel) : null;
        foreach (var id in usable.Count > 1 ? usable : [])
        {
            if (factors.Find(id) is not { } factor)
                continue;
            if (!factor.Info.Sends || await AskedBeforeAsync(seen, id, cancel) is not null || (await factor.PreviewAsync(userId, signIn, cancel)).Reason is null)
                return id;
        }

        return usable[0];
    }

    /// <summary>The live challenge for this purpose and way, or a new one where <paramref name="asking"/> allows it.</summary>
    /// <param name="current">
    /// The challenge there was before. For another factor it is cancelled, or set aside where something was sent: the person may come back to it.
    /// </param>
    public async Task<ChallengeStart> StartAsync(
        string userId, string factorId, string purpose, byte[] browserHash, string? current, CancellationToken cancel,
        Asking asking = Asking.Ask, Circumstances? circumstances = null)
    {
        var factor = factors.Find(factorId) ?? throw new InvalidOperationException($"The factor '{factorId}' is not installed.");
        var seen = await challenges.LoadAsync(current, userId, purpose, browserHash, cancel);
        var before = await AskedBeforeAsync(seen, factorId, cancel);
        if (before is { } good && (good.Value.State == ChallengeState.Approved || !(asking == Asking.Again && MayAskAgain(good.Value))))
            return new((await ComeBackAsync(seen!.Value, good, cancel)).Value, null);

        var wanted = new NewChallenge(
            Handles.NewId(), userId, clock.GetUtcNow() + factor.Info.ChallengeLife,
            IsSignIn: purpose.StartsWith(Challenge.SignInPurpose, StringComparison.Ordinal), circumstances ?? Circumstances.Unknown);
        if (asking == Asking.Look && factor.Info.Sends)
        {
            var preview = await factor.PreviewAsync(userId, wanted.IsSignIn, cancel);
            return new(null, preview.Reason, preview.AgainAt, preview.Place);
        }

        // A double click sends the form twice, and one mail: the second request is given the challenge of the first.
        var turn = $"asking:{purpose}:{factorId}";
        if (factor.Info.Sends && await TurnAsync(turn, userId, purpose, browserHash, before?.Value.Id, cancel) is { Mine: false, Made: var made })
            return new(made ?? before?.Value, null);

        string? done = null;
        try
        {
            var left = seen is not { } present ? null
                : present.Value.Factor == factorId ? present.Value.Left : await LeaveAsync(present, cancel);
            // Where the tries are used up the last answer may still be looked at (a double click): it takes no more, and is left to its end.
            var started = await factor.ChallengeAsync(wanted, cancel);
            if (started is not Started.Asked asked)
            {
                var cannot = (Started.CannotAsk)started;
                return new(before?.Value, cannot.Reason, cannot.AgainAt);
            }

            if (before is { } old)
                await CancelAsync(old, cancel);
            var challenge = new Challenge
            {
                Id = wanted.Id,
                UserId = userId,
                Factor = factorId,
                Purpose = purpose,
                BrowserHash = browserHash,
                ExpiresAt = wanted.ExpiresAt,
                Prompt = asked.Prompt,
                Memo = asked.Memo,
                Left = left,
                Circumstances = wanted.Circumstances,
            };
            await challenges.AddAsync(challenge, cancel);
            done = challenge.Id;
            if (challenge.IsApprovedElsewhere)
                await waiting.AddAsync(challenge, cancel);
            return new(challenge, null);
        }
        finally
        {
            if (factor.Info.Sends && done is not null)
                await ephemeral.SetAsync(turn, Encoding.ASCII.GetBytes(done), SendingTakes, Holder.Person(userId), CancellationToken.None);
            else if (factor.Info.Sends)
                await ephemeral.RemoveAsync(turn, CancellationToken.None);
        }
    }

    /// <summary>
    /// Looks at one answer. A guess is counted twice before it is looked at: on the challenge (five) and, durably, on the account and kind of factor
    /// (ten in ten minutes over all sessions, nodes and addresses), so that parallel guesses gain nothing. What is approved elsewhere is claimed by
    /// "I have confirmed it", which is no guess: too early it costs nothing.
    /// </summary>
    public async Task<StepUpOutcome> AnswerAsync(
        string challengeId, string userId, string purpose, byte[] browserHash, Answer answer, CancellationToken cancel, Answerer? from = null)
    {
        from ??= Answerer.Unknown;
        if (await challenges.LoadAsync(challengeId, userId, purpose, browserHash, cancel) is not { } seen)
            return new StepUpOutcome.Over();
        // The prompt never changes: what is a guess now is one at every reading.
        if (!answer.IsGuess(seen.Value.Prompt))
            return await ClaimAsync(challengeId, userId, purpose, browserHash, cancel, from);
        if (await challenges.CountTryAsync(challengeId, challenge => challenge.IsFor(userId, purpose, browserHash), cancel) is not { } counted
            || factors.Find(counted.Value.Factor) is not { } factor)
            return new StepUpOutcome.Over();

        StepUpOutcome? refused = await limits.TryReserveAsync(userId, counted.Value.Kind, from.OwnBrowser, cancel) switch
        {
            GuessAnswer.TooMany tooMany => new StepUpOutcome.TooMany(tooMany.RetryAfter),
            GuessAnswer.Stopped => new StepUpOutcome.Stopped(),
            _ => null,
        };
        // A code typed where an approval is awaited is a guess at nothing.
        var verdict = refused is not null || counted.Value.IsApprovedElsewhere ? new Verdict.Wrong() : await factor.VerifyAsync(counted.Value, answer, cancel);
        if (verdict is not Verdict.Passed passed)
        {
            var outcome = refused ?? verdict switch
            {
                Verdict.AlreadyUsed => new StepUpOutcome.AlreadyUsed(),
                Verdict.Denied => new StepUpOutcome.Denied(),
                // Also "not yet": a guess was counted, and is answered as one.
                _ => new StepUpOutcome.Wrong(),
            };
            await audit.FailedAsync(counted.Value, outcome, from);
            if (outcome is StepUpOutcome.Denied)
                await challenges.MoveAsync(counted, ChallengeState.Denied, cancel);
            return outcome;
        }

        // Approve, then claim: two acts. If we crash between them the person is asked again; the factor's own single use is already durable.
        return await challenges.MoveAsync(counted, ChallengeState.Approved, cancel, passed)
            ? await ClaimAsync(challengeId, userId, purpose, browserHash, cancel, from) : new StepUpOutcome.Over();
    }

    /// <summary>Approved → Claimed: by the browser that started it, for the purpose it was started for, once.</summary>
    public async Task<StepUpOutcome> ClaimAsync(
        string challengeId, string userId, string purpose, byte[] browserHash, CancellationToken cancel, Answerer? from = null)
    {
        from ??= Answerer.Unknown;
        switch (await challenges.LoadAsync(challengeId, userId, purpose, browserHash, cancel))
        {
            case { Value: { State: ChallengeState.Approved, Binding: { } binding } approved }:
                if (!await challenges.ClaimAsync(approved, lane => audit.PassedAsync(lane, approved, from, cancel), cancel))
                    return new StepUpOutcome.Over();
                await limits.ProvenAsync(userId, approved.Kind, cancel, from.OwnBrowser);
                var proof = new FactorProof(approved.Kind, binding, clock.GetUtcNow(), approved.Amr, factors.Find(approved.Factor)!.Info.Way);
                return new StepUpOutcome.Passed(proof, approved.TrustThisBrowser);
            case { Value: { IsApprovedElsewhere: true, TakesAnswers: true } }:
                return new StepUpOutcome.NotYet();
            case { Value: { IsApprovedElsewhere: true, State: ChallengeState.Denied } }:
                return new StepUpOutcome.Denied();
            default:
                return new StepUpOutcome.Over();
        }
    }

    private async Task CancelAsync(Stored<Challenge> live, CancellationToken cancel)
    {
        if (await challenges.MoveAsync(live, ChallengeState.Cancelled, cancel) && factors.Find(live.Value.Factor) is { } factor)
            await factor.CancelAsync(live.Value, cancel);
    }

    /// <summary>The person goes another way. What was sent stays good for when they come back; the id to find it by.</summary>
    private async Task<string?> LeaveAsync(Stored<Challenge> live, CancellationToken cancel)
    {
        if (factors.Find(live.Value.Factor) is { Info.Sends: true })
        {
            await challenges.MoveAsync(live, ChallengeState.SetAside, cancel);
            return live.Value.Id;
        }

        await CancelAsync(live, cancel);
        return live.Value.Left;
    }

    /// <summary>The question with this factor that can still be answered: the present one, or one that was set aside for it.</summary>
    private async Task<Stored<Challenge>?> AskedBeforeAsync(Stored<Challenge>? from, string factorId, CancellationToken cancel)
    {
        var seen = from;
        for (var hop = 0; seen is { } at && hop < MostSetAside; hop++)
        {
            if (at.Value.Factor == factorId)
                return IsOpen(at.Value) ? at : null;
            seen = await challenges.LoadAsync(at.Value.Left, from!.Value.Value.UserId, from.Value.Value.Purpose, from.Value.Value.BrowserHash, cancel);
        }

        return null;
    }

    // Approved on the phone and not claimed so far (the page was loaded again): nobody is rung once more for it.
    private static bool IsOpen(Challenge challenge) => challenge.State switch
    {
        ChallengeState.Pending or ChallengeState.SetAside => challenge.Tries < Challenges.Tries,
        ChallengeState.Approved => challenge.IsApprovedElsewhere,
        _ => false,
    };

    private async Task<Stored<Challenge>> ComeBackAsync(Stored<Challenge> present, Stored<Challenge> to, CancellationToken cancel)
    {
        if (present.Value.Id != to.Value.Id)
            await LeaveAsync(present, cancel);
        if (to.Value.State == ChallengeState.SetAside)
            await challenges.MoveAsync(to, ChallengeState.Pending, cancel);
        return to;
    }

    private bool MayAskAgain(Challenge challenge) => challenge.Prompt.OffersAnother(out var at) && at <= clock.GetUtcNow();

    /// <summary>Whether it is this request's turn to send; else the challenge of the request that has just done so, null when that takes too long.</summary>
    /// <param name="before">The challenge that a new one is asked for instead of.</param>
    private async Task<(bool Mine, Challenge? Made)> TurnAsync(
        string turn, string userId, string purpose, byte[] browserHash, string? before, CancellationToken cancel)
    {
        var (started, holder) = (clock.GetTimestamp(), Holder.Person(userId));
        while (!await ephemeral.AddAsync(turn, [], SendingTakes, holder, cancel))
        {
            if (await ephemeral.GetAsync(turn, cancel) is not { } kept)
                continue;
            if (kept.Value is not [])
            {
                var made = await challenges.LoadAsync(Encoding.ASCII.GetString(kept.Value), userId, purpose, browserHash, cancel);
                if (made is { Value: { State: ChallengeState.Pending, Tries: < Challenges.Tries } good } && good.Id != before)
                    return (false, good);
                if (await ephemeral.ReplaceAsync(turn, kept.Bytes, [], SendingTakes, holder, cancel) is not null)
                    break;
            }

            if (clock.GetElapsedTime(started) > SendingTakes)
                return (false, null);
            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, cancel);
        }

        return (true, null);
    }
}
