using System.Text.Json;
using IdP.Server.Storage;

namespace IdP.Server.StepUp;

/// <summary>
/// Challenges as they are kept. Each move is a compare-and-set on the ephemeral store; what must happen once - a try counted, a decision, a claim - is besides
/// marked in the database, since an old sealed value can be put back. Whoever waits for a challenge is woken by each move.
/// </summary>
internal sealed class Challenges(SealedStore ephemeral, UsedMarks marks, IWakeUps wakeUps, TimeProvider clock)
{
    public const int Tries = 5;

    /// <summary>Woken when the challenge has moved.</summary>
    public static string TopicOf(string id) => "challenge:" + id;

    public Task AddAsync(Challenge challenge, CancellationToken cancel) =>
        ephemeral.SetAsync(Key(challenge.Id), Write(challenge), Left(challenge), Holder.Person(challenge.UserId), cancel);

    /// <summary>Null when it is over, or unknown.</summary>
    public async Task<Stored<Challenge>?> LoadAsync(string? id, CancellationToken cancel)
    {
        if (!Handles.IsId(id) || await ephemeral.GetAsync(Key(id), cancel) is not { } found
            || Stored.Read(found.Value, ChallengeJson.Default.Challenge) is not { } challenge)
            return null;
        return challenge.ExpiresAt > clock.GetUtcNow() ? new Stored<Challenge>(challenge, found.Bytes) : null;
    }

    /// <summary>Null also when it is not this person's, in this browser, for this purpose.</summary>
    public async Task<Stored<Challenge>?> LoadAsync(string? id, string userId, string purpose, byte[] browserHash, CancellationToken cancel) =>
        await LoadAsync(id, cancel) is { } found && found.Value.IsFor(userId, purpose, browserHash) ? found : null;

    /// <summary>Counts an answer before it is looked at; null where the challenge takes none.</summary>
    public async Task<Stored<Challenge>?> CountTryAsync(string id, Func<Challenge, bool> isFor, CancellationToken cancel)
    {
        while (await LoadAsync(id, cancel) is { } seen)
        {
            var challenge = seen.Value;
            if (!challenge.TakesAnswers || !isFor(challenge))
                return null;
            var counted = challenge with { Tries = challenge.Tries + 1 };
            if (await ReplaceAsync(seen, counted, cancel) is not { } bytes)
                continue;
            // The count that counts: an older challenge that somebody put back has been answered this often before.
            return await marks.TryAsync($"challenge:{id}:{counted.Tries}", challenge.ExpiresAt, cancel) ? new Stored<Challenge>(counted, bytes) : null;
        }

        return null;
    }

    /// <summary>Moves a challenge on from the state it was read in. Other tries may have been counted since: they change the count, never the state.</summary>
    public async Task<bool> MoveAsync(Stored<Challenge> from, ChallengeState to, CancellationToken cancel, Verdict.Passed? passed = null)
    {
        if (from.Value.State is not (ChallengeState.Pending or ChallengeState.SetAside))
            return false;
        for (Stored<Challenge>? seen = from; seen is { } pending && pending.Value.State == from.Value.State; seen = await LoadAsync(from.Value.Id, cancel))
        {
            var moved = pending.Value with
            {
                State = to, Binding = passed?.Binding, Amr = passed?.Amr ?? [], TrustThisBrowser = passed?.TrustThisBrowser,
            };
            if (await ReplaceAsync(pending, moved, cancel) is null)
                continue;
            // Denied or cancelled, it cannot be claimed, whoever puts it back as it was.
            var done = to is not (ChallengeState.Denied or ChallengeState.Cancelled) || await marks.TryAsync(ClaimOf(moved.Id), moved.ExpiresAt, cancel);
            await wakeUps.WakeAsync(TopicOf(moved.Id), cancel);
            return done;
        }

        return false;
    }

    /// <summary>True for the one caller that decides on it elsewhere.</summary>
    /// <param name="along">Written in the same commit.</param>
    public Task<bool> DecideAsync(Challenge challenge, Func<Lane, Task> along, CancellationToken cancel) =>
        marks.TryAsync("decision:" + challenge.Id, challenge.ExpiresAt, along, cancel);

    /// <summary>True for the one caller that takes what was approved.</summary>
    /// <param name="along">Written in the same commit.</param>
    public async Task<bool> ClaimAsync(Challenge challenge, Func<Lane, Task> along, CancellationToken cancel) =>
        await ephemeral.TakeAsync(Key(challenge.Id), cancel) is not null && await marks.TryAsync(ClaimOf(challenge.Id), challenge.ExpiresAt, along, cancel);

    private Task<byte[]?> ReplaceAsync(Stored<Challenge> seen, Challenge fresh, CancellationToken cancel) =>
        ephemeral.ReplaceAsync(Key(fresh.Id), seen.Bytes, Write(fresh), Left(fresh), Holder.Person(fresh.UserId), cancel);

    private TimeSpan Left(Challenge challenge)
    {
        var left = challenge.ExpiresAt - clock.GetUtcNow();
        return left > TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1);
    }

    private static byte[] Write(Challenge challenge) => JsonSerializer.SerializeToUtf8Bytes(challenge, ChallengeJson.Default.Challenge);

    private static string ClaimOf(string id) => "challenge:" + id;

    private static string Key(string id) => "challenge:" + id;
}
