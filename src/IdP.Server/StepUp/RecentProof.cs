using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using IdP.Server.Accounts;
using IdP.Server.Hosting;
using IdP.Server.Storage;

namespace IdP.Server.StepUp;

/// <summary>What a person asks to do in the settings, with the thing it concerns: a proof for one is worth nothing for another.</summary>
/// <param name="Name">"bind:totp", "unbind:BINDING", "password", ...</param>
internal sealed record GuardedAction(string Name)
{
    public static GuardedAction Bind(string factor) => new("bind:" + factor);

    public static GuardedAction Rebind(string bindingId) => new("rebind:" + bindingId);

    public static GuardedAction Unbind(string bindingId) => new("unbind:" + bindingId);

    public static readonly GuardedAction Password = new("password");
}

/// <summary>Who asks: one person, in one session, in one browser.</summary>
/// <param name="BrowserHash">SHA-256 of the browser cookie.</param>
/// <param name="Circumstances">What a mailed code or a phone tells the owner.</param>
/// <param name="DeviceId">The person's own browser, known or trusted, by id: its tries are counted apart. Never a proof.</param>
internal sealed record Asker(UserRecord Person, string SessionId, byte[] BrowserHash, Circumstances? Circumstances = null, string? DeviceId = null)
{
    /// <summary>This browser in this session, as one hash: what is offered here is worth nothing to whoever signs in next.</summary>
    public byte[] Place => Handles.Hash($"{SessionId} {Convert.ToHexString(BrowserHash)}");
}

/// <summary>
/// The guard before every change that matters: a proof made for that very action, by that person, in that browser and session, at most five minutes ago,
/// good once - with a bound second factor that may guard (<see cref="GuardingFactors"/>), or with the password where none is bound. A trusted device is never a proof. Safe to lose: it is asked again.
/// </summary>
internal sealed class RecentProof(StepUpService stepUp, GuardingFactors guarding, SealedStore ephemeral, UsedMarks marks, TimeProvider clock)
{
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan AskedLife = TimeSpan.FromMinutes(15);

    /// <summary>Ways to prove, the one to offer first being first; empty means the password.</summary>
    public IReadOnlyList<string> FactorsOf(UserRecord person) => guarding.Of(person);

    /// <summary>The factor to ask for where the person has not chosen: the first that can ask now.</summary>
    public async Task<string> PreferAsync(Asker asker, GuardedAction action, IReadOnlyList<string> usable, CancellationToken cancel) =>
        await stepUp.PreferAsync(
            asker.Person.Id, usable, Purpose(asker, action), asker.BrowserHash, await CurrentAsync(asker, action, cancel), cancel);

    /// <summary>Asks with this factor; a page drawn again shows the same challenge.</summary>
    public async Task<ChallengeStart> ChallengeAsync(Asker asker, GuardedAction action, string factor, Asking asking, CancellationToken cancel)
    {
        var current = await CurrentAsync(asker, action, cancel);
        var start = await stepUp.StartAsync(
            asker.Person.Id, factor, Purpose(asker, action), asker.BrowserHash, current, cancel, asking, asker.Circumstances);
        // A double click: the other request has asked meanwhile.
        if (start is { Challenge: null, Reason: null } && asking != Asking.Look)
            return await ChallengeAsync(asker, action, factor, Asking.Look, cancel);
        if (start.Challenge is { } challenge && challenge.Id != current)
            await ephemeral.SetAsync(AskedKey(asker, action), Encoding.ASCII.GetBytes(challenge.Id), AskedLife, Holder.Person(asker.Person.Id), cancel);
        return start;
    }

    /// <summary>An answer to the challenge of this action; a right one leaves the proof.</summary>
    public async Task<StepUpOutcome> AnswerAsync(Asker asker, GuardedAction action, Answer answer, CancellationToken cancel)
    {
        if (await CurrentAsync(asker, action, cancel) is not { } challengeId)
            return new StepUpOutcome.Over();
        var outcome = await stepUp.AnswerAsync(challengeId, asker.Person.Id, Purpose(asker, action), asker.BrowserHash, answer, cancel, new Answerer(asker.Circumstances?.Address, null, asker.DeviceId));
        if (outcome is StepUpOutcome.Passed { Proof: var proof })
            await KeepAsync(asker, action, proof, cancel);
        return outcome;
    }

    /// <summary>After the password was found right, for this action.</summary>
    public Task PasswordGivenAsync(Asker asker, GuardedAction action, CancellationToken cancel) => KeepAsync(asker, action, null, cancel);

    /// <summary>Whether a page may be shown that <see cref="TakeAsync"/> will let act.</summary>
    public async Task<bool> IsThereAsync(Asker asker, GuardedAction action, CancellationToken cancel) => await LookAsync(asker, action, cancel) is not null;

    /// <summary>True for the one caller that uses the proof; the mark in the database decides, for this one may be put back.</summary>
    public async Task<bool> TakeAsync(Asker asker, GuardedAction action, CancellationToken cancel)
    {
        if (await LookAsync(asker, action, cancel) is not { } kept)
            return false;
        await ephemeral.RemoveAsync(Key(asker, action), cancel);
        return await marks.TryAsync("proof:" + kept.Id, kept.At + Life, cancel);
    }

    private async Task<KeptProof?> LookAsync(Asker asker, GuardedAction action, CancellationToken cancel)
    {
        if (await ephemeral.GetAsync(Key(asker, action), cancel) is not { } found || Stored.Read(found.Value, KeptProofJson.Default.KeptProof) is not { } kept)
            return null;
        var mine = kept.UserId == asker.Person.Id && kept.Action == action.Name && CryptographicOperations.FixedTimeEquals(kept.BrowserHash, asker.BrowserHash);
        var fresh = kept.At <= clock.GetUtcNow() && clock.GetUtcNow() - kept.At <= Life;
        // The password was enough while no factor was bound; a binding that was taken away or replaced since proves nothing any more.
        var ways = FactorsOf(asker.Person);
        var enough = kept.Binding is null
            ? ways.Count == 0
            : kept.Way is { } way && ways.Contains(way)
                && asker.Person.FindBinding(kept.Binding) is { } binding && binding.Factor == FactorIds.KindOf(way);
        return mine && fresh && enough ? kept : null;
    }

    private Task KeepAsync(Asker asker, GuardedAction action, FactorProof? proof, CancellationToken cancel) => ephemeral.SetAsync(
        Key(asker, action),
        JsonSerializer.SerializeToUtf8Bytes(
            new KeptProof(
                Handles.NewId(), asker.Person.Id, asker.BrowserHash, action.Name, proof?.Binding, proof?.Id, clock.GetUtcNow()), KeptProofJson.Default.KeptProof),
        Life, Holder.Person(asker.Person.Id), cancel);

    private async Task<string?> CurrentAsync(Asker asker, GuardedAction action, CancellationToken cancel) =>
        await ephemeral.GetAsync(AskedKey(asker, action), cancel) is { } id ? Encoding.ASCII.GetString(id.Value) : null;

    private static string AskedKey(Asker asker, GuardedAction action) => $"asked:{asker.SessionId}:{action.Name}";

    private static string Purpose(Asker asker, GuardedAction action) => $"settings:{asker.SessionId}:{action.Name}";

    private static string Key(Asker asker, GuardedAction action) => $"proof:{asker.SessionId}:{action.Name}";
}

/// <param name="Id">What is marked when it is used.</param>
/// <param name="Binding">What was proven; null: the password.</param>
/// <param name="Way">The way it was proven in; null: the password.</param>
internal sealed record KeptProof(
    string Id, string UserId, byte[] BrowserHash, string Action, string? Binding, string? Way, DateTimeOffset At);

[JsonSerializable(typeof(KeptProof))]
internal sealed partial class KeptProofJson : JsonSerializerContext;
