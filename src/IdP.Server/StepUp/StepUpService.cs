using System.Text.Json;
using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Hosting;
using IdP.Server.Storage;

namespace IdP.Server.StepUp;

/// <summary>What came of an answer.</summary>
internal abstract record StepUpOutcome
{
    private StepUpOutcome() { }

    internal sealed record Passed(FactorProof Proof) : StepUpOutcome;

    internal sealed record Wrong : StepUpOutcome;

    internal sealed record AlreadyUsed : StepUpOutcome;

    /// <summary>This challenge is over (five answers, time, cancelled, lost): a new one must be started.</summary>
    internal sealed record Over : StepUpOutcome;

    internal sealed record Denied : StepUpOutcome;

    internal sealed record TooMany(TimeSpan RetryAfter) : StepUpOutcome;

    /// <summary>A hundred wrong in a row: of no use until another second factor proves the person, or an operator opens it (<see cref="GuessLimits"/>).</summary>
    internal sealed record Stopped : StepUpOutcome;
}

/// <param name="Challenge">Null when the factor could not ask, and did not before.</param>
/// <param name="Reason">Why not: key of the factor's own words.</param>
internal sealed record ChallengeStart(Challenge? Challenge, string? Reason);

/// <summary>The lifecycle of a second step, once, around all factors: expiry, tries, guess limits, single use, whose browser.</summary>
internal sealed class StepUpService(
    SecondFactors factors, SealedStore ephemeral, UsedMarks marks, GuessLimits limits, TimeProvider clock)
{
    private const int TriesPerChallenge = 5;

    /// <summary>The live challenge for this purpose and factor, or a new one.</summary>
    /// <param name="current">The challenge there was before; cancelled when it was for another factor.</param>
    /// <param name="again">The person wants another code sent: only the newest is good. Where it cannot be sent the one before stays good.</param>
    public async Task<ChallengeStart> StartAsync(
        string userId, string factorId, string purpose, byte[] browserHash, string? current, CancellationToken cancel,
        bool again = false, Circumstances? circumstances = null)
    {
        Stored<Challenge>? before = null;
        if (current is not null && await LoadAsync(current, cancel) is { } live && live.Value.State == ChallengeState.Pending && IsFor(live.Value, userId, purpose, browserHash))
        {
            if (live.Value.Factor != factorId)
                await CancelAsync(live, cancel);
            else if (live.Value.Tries < TriesPerChallenge && !(again && live.Value.Prompt is Prompt.EnterCode { AgainAt: { } at } && at <= clock.GetUtcNow()))
                return new(live.Value, null);
            else if (again)
                before = live;
            // Its tries are used up, but the last answer may still be looked at (a double click): it takes no more, and is left to its end.
        }

        var factor = factors.Find(factorId) ?? throw new InvalidOperationException($"The factor '{factorId}' is not installed.");
        var challenge = new Challenge
        {
            Id = Handles.NewId(),
            UserId = userId,
            Factor = factorId,
            Purpose = purpose,
            BrowserHash = browserHash,
            ExpiresAt = clock.GetUtcNow() + factor.Info.ChallengeLife,
            Prompt = new Prompt.EnterCode(6),
            Circumstances = circumstances ?? Circumstances.Unknown,
        };
        var started = await factor.ChallengeAsync(challenge, cancel);
        if (started is not Started.Asked asked)
            return new(before is { Value.Tries: < TriesPerChallenge } good ? good.Value : null, ((Started.CannotAsk)started).Reason);
        if (before is { } old)
            await CancelAsync(old, cancel);
        challenge = challenge with { Prompt = asked.Prompt, Memo = asked.Memo };
        await ephemeral.SetAsync(Key(challenge.Id), Write(challenge), factor.Info.ChallengeLife, Holder.Person(userId), cancel);
        return new(challenge, null);
    }

    /// <summary>
    /// Looks at one answer. The try is counted twice before it is looked at: on the challenge (five) and, durably, on the account and factor
    /// (ten in ten minutes over all sessions, nodes and addresses), so that parallel guesses gain nothing.
    /// </summary>
    /// <param name="device">The person's own browser, known or trusted, that answers: its tries are counted apart.</param>
    public async Task<StepUpOutcome> AnswerAsync(
        string challengeId, string userId, string purpose, byte[] browserHash, Answer answer, CancellationToken cancel, string? device = null)
    {
        if (await CountTryAsync(challengeId, userId, purpose, browserHash, cancel) is not { } counted)
            return new StepUpOutcome.Over();

        var challenge = counted.Value;
        var factor = factors.Find(challenge.Factor);
        if (factor is null)
            return new StepUpOutcome.Over();

        switch (await limits.TryReserveAsync(userId, challenge.Factor, device, cancel))
        {
            case GuessAnswer.TooMany tooMany: return new StepUpOutcome.TooMany(tooMany.RetryAfter);
            case GuessAnswer.Stopped: return new StepUpOutcome.Stopped();
        }

        string proven;
        switch (await factor.VerifyAsync(challenge, answer, cancel))
        {
            case Verdict.Passed { Binding: var binding }:
                proven = binding;
                break;
            case Verdict.AlreadyUsed: return new StepUpOutcome.AlreadyUsed();
            case Verdict.Denied:
                await MoveAsync(counted, ChallengeState.Denied, cancel);
                return new StepUpOutcome.Denied();
            default: return new StepUpOutcome.Wrong();
        }

        // Approve, then claim: two acts. If we crash between them the person is asked again; the factor's own single use is already durable.
        if (!await MoveAsync(counted, ChallengeState.Approved, cancel, proven))
            return new StepUpOutcome.Over();
        if (await ClaimAsync(challengeId, userId, purpose, browserHash, cancel) is not { } proof)
            return new StepUpOutcome.Over();
        await limits.ProvenAsync(userId, proof.Factor, cancel, device);
        return new StepUpOutcome.Passed(proof);
    }

    /// <summary>Approved → Claimed: by the browser that started it, for the purpose it was started for, once.</summary>
    public async Task<FactorProof?> ClaimAsync(string challengeId, string userId, string purpose, byte[] browserHash, CancellationToken cancel)
    {
        if (await LoadAsync(challengeId, cancel) is not { Value: { State: ChallengeState.Approved, Binding: { } binding } } seen || !IsFor(seen.Value, userId, purpose, browserHash))
            return null;
        if (await ephemeral.TakeAsync(Key(challengeId), cancel) is null || !await marks.TryAsync(ClaimOf(challengeId), seen.Value.ExpiresAt, cancel))
            return null;
        return new FactorProof(seen.Value.Factor, binding, clock.GetUtcNow(), factors.Find(seen.Value.Factor)!.Info.Amr);
    }

    private async Task<Stored<Challenge>?> CountTryAsync(string id, string userId, string purpose, byte[] browserHash, CancellationToken cancel)
    {
        while (await LoadAsync(id, cancel) is { } seen)
        {
            var challenge = seen.Value;
            if (challenge.State != ChallengeState.Pending || !IsFor(challenge, userId, purpose, browserHash) || challenge.Tries >= TriesPerChallenge)
                return null;
            var counted = challenge with { Tries = challenge.Tries + 1 };
            if (await ephemeral.ReplaceAsync(Key(id), seen.Bytes, Write(counted), Left(counted), Holder.Person(userId), cancel) is not { } bytes)
                continue;
            // The count that counts: an older challenge that somebody put back has been answered this often before.
            return await marks.TryAsync($"challenge:{id}:{counted.Tries}", challenge.ExpiresAt, cancel) ? new Stored<Challenge>(counted, bytes) : null;
        }

        return null;
    }

    /// <summary>Moves a pending challenge on. Other tries may have been counted since it was read: they change the count, never the state.</summary>
    private async Task<bool> MoveAsync(Stored<Challenge> from, ChallengeState to, CancellationToken cancel, string? proven = null)
    {
        for (Stored<Challenge>? seen = from; seen is { } pending && pending.Value.State == ChallengeState.Pending; seen = await LoadAsync(from.Value.Id, cancel))
        {
            var moved = Write(pending.Value with { State = to, Binding = proven });
            if (await ephemeral.ReplaceAsync(Key(pending.Value.Id), pending.Bytes, moved, Left(pending.Value), Holder.Person(pending.Value.UserId), cancel) is null)
                continue;
            // Denied or cancelled, it cannot be claimed, whoever puts it back as it was.
            return to == ChallengeState.Approved || await marks.TryAsync(ClaimOf(pending.Value.Id), pending.Value.ExpiresAt, cancel);
        }

        return false;
    }

    private async Task CancelAsync(Stored<Challenge> live, CancellationToken cancel)
    {
        if (await MoveAsync(live, ChallengeState.Cancelled, cancel) && factors.Find(live.Value.Factor) is { } factor)
            await factor.CancelAsync(live.Value, cancel);
    }

    private async Task<Stored<Challenge>?> LoadAsync(string id, CancellationToken cancel)
    {
        if (await ephemeral.GetAsync(Key(id), cancel) is not { } found || Stored.Read(found.Value, ChallengeJson.Default.Challenge) is not { } challenge)
            return null;
        return challenge.ExpiresAt > clock.GetUtcNow() ? new Stored<Challenge>(challenge, found.Bytes) : null;
    }

    private static bool IsFor(Challenge challenge, string userId, string purpose, byte[] browserHash) =>
        challenge.UserId == userId && challenge.Purpose == purpose && challenge.BrowserHash.AsSpan().SequenceEqual(browserHash);

    private TimeSpan Left(Challenge challenge)
    {
        var left = challenge.ExpiresAt - clock.GetUtcNow();
        return left > TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1);
    }

    private static byte[] Write(Challenge challenge) => JsonSerializer.SerializeToUtf8Bytes(challenge, ChallengeJson.Default.Challenge);

    private static string ClaimOf(string id) => "challenge:" + id;

    private static string Key(string id) => "challenge:" + id;
}
