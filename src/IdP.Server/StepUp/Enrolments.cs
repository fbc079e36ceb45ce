using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Storage;

namespace IdP.Server.StepUp;

/// <summary>What came of an attempt to bind.</summary>
internal abstract record EnrolmentOutcome
{
    private EnrolmentOutcome() { }

    /// <param name="Proof">The second factor that was really done with it; null where binding proves nothing.</param>
    internal sealed record Bound(FactorBinding Binding, FactorProof? Proof) : EnrolmentOutcome;

    internal sealed record Wrong : EnrolmentOutcome;

    /// <summary>What has to be confirmed elsewhere is not confirmed so far; cost no try.</summary>
    internal sealed record NotYet : EnrolmentOutcome;

    /// <summary>The offer is over (time, five answers, confirmed before, another's, somebody was faster): start again.</summary>
    internal sealed record Over : EnrolmentOutcome;

    internal sealed record TooMany(TimeSpan RetryAfter) : EnrolmentOutcome;
}

/// <summary>
/// The life of an offer, once, around all factors: made for one person in one place, ten minutes, five answers, confirmed once. Until then nothing is bound,
/// and a binding that it would replace works. Whether the person may bind at all is asked before (<see cref="RecentProof"/>, forced binding). A place is a
/// browser, or a browser in one session, as a hash: an offer is worth nothing anywhere else.
/// </summary>
internal sealed class Enrolments(
    IEnumerable<IEnrolment> installed, FactorBindings bindings, SealedStore ephemeral, UsedMarks marks, GuessLimits limits, AnswerAudit audit, IWakeUps wakeUps,
    TimeProvider clock)
{
    private const int TriesPerOffer = 5;
    private const int LongestLabel = 60;
    private static readonly TimeSpan OfferLife = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, IEnrolment> byKind = installed.ToDictionary(enrolment => enrolment.Kind.Id, StringComparer.Ordinal);

    /// <summary>Null when it is not installed, or cannot be bound on this server.</summary>
    public IEnrolment? Find(string kind) => byKind.GetValueOrDefault(kind) is { Available: true } enrolment ? enrolment : null;

    /// <summary>The offer's id, or why there is none.</summary>
    /// <param name="replaces">The person's own binding of the same kind; checked again when the offer is confirmed.</param>
    public Task<(string? OfferId, string? Refused)> OfferAsync(
        IEnrolment enrolment, EnrolmentFor whom, byte[] place, string? said, string? replaces, CancellationToken cancel) =>
        OfferAsync(enrolment, whom, place, said, replaces, clock.GetUtcNow() + OfferLife, cancel);

    /// <summary>
    /// Another code, please: a new offer for what was said before, instead of the one that is there, and over when that one would be - it was not proven anew.
    /// Not before the prompt's time: then the same again.
    /// </summary>
    public async Task<(string? OfferId, string? Refused)> AgainAsync(EnrolmentFor whom, byte[] place, string? offerId, CancellationToken cancel)
    {
        if (await FindAsync(offerId, whom.UserId, place, cancel) is not { } offer || Find(offer.Factor) is not { } enrolment)
            return (null, null);
        if (!offer.Prompt.OffersAnother(out var at) || at > clock.GetUtcNow())
            return (offer.Id, null);
        return await InsteadAsync(offer, enrolment, whom, place, offer.Said, cancel);
    }

    /// <summary>
    /// The person said the wrong thing (a typo in an address): a new offer for something else, instead of the one that is there, and over when that one would
    /// be. Where it is refused, or nothing else is said, the one that is there stays.
    /// </summary>
    public async Task<(string? OfferId, string? Refused)> CorrectAsync(EnrolmentFor whom, byte[] place, string? offerId, string? said, CancellationToken cancel)
    {
        if (await FindAsync(offerId, whom.UserId, place, cancel) is not { } offer || Find(offer.Factor) is not { Question: not null } enrolment)
            return (null, null);
        return said?.Trim() == offer.Said?.Trim() ? (offer.Id, null) : await InsteadAsync(offer, enrolment, whom, place, said, cancel);
    }

    /// <summary>For drawing its page again; null when it is over, confirmed, or not this person's in this place.</summary>
    public async Task<EnrolmentOffer?> FindAsync(string? offerId, string userId, byte[] place, CancellationToken cancel) =>
        await LoadAsync(offerId, userId, place, cancel) is { } kept && !kept.Value.Confirmed && kept.Value.Tries < TriesPerOffer ? kept.Value : null;

    /// <summary>Binds when the answer proves the offer. Guesses count like those at any factor: on the offer, and durably on the account.</summary>
    /// <param name="label">The person's own name for it, where a person may have several.</param>
    public async Task<EnrolmentOutcome> ConfirmAsync(string? offerId, string userId, byte[] place, Answer answer, By by, CancellationToken cancel, string? label = null)
    {
        if (await FindAsync(offerId, userId, place, cancel) is not { } offer || Find(offer.Factor) is not { } enrolment)
            return new EnrolmentOutcome.Over();
        NewBinding? fresh;
        if (!answer.IsGuess(offer.Prompt))
        {
            fresh = offer.Approved?.ToBinding();
            if (fresh is null)
                return new EnrolmentOutcome.NotYet();
        }
        else
        {
            if (await CountTryAsync(offerId, offer => IsAt(offer, userId, place), cancel) is not { } counted)
                return new EnrolmentOutcome.Over();
            EnrolmentOutcome? refused = await limits.TryReserveBindingAsync(userId, offer.Factor, cancel) is GuessAnswer.TooMany tooMany
                ? new EnrolmentOutcome.TooMany(tooMany.RetryAfter) : null;
            // A code typed where an approval is awaited is a guess at nothing.
            fresh = refused is not null || counted.IsApprovedElsewhere ? null : await enrolment.ConfirmAsync(counted, answer, cancel);
            if (fresh is null)
            {
                refused ??= new EnrolmentOutcome.Wrong();
                await audit.FailedAsync(counted, refused, by.Address);
                return refused;
            }
        }

        // Of two right answers at once one binds; a crash after this mark leaves nothing bound, and the person starts again.
        if (await ChangeAsync(offerId, current => IsAt(current, userId, place) ? current with { Confirmed = true } : null, "confirmed", cancel) is null)
            return new EnrolmentOutcome.Over();
        await limits.BoundAsync(userId, offer.Factor, cancel);
        if (enrolment.Several && label is { Length: > 0 })
            fresh = fresh with { Label = label.Storable(LongestLabel) };
        if (await bindings.AddAsync(userId, fresh, by, cancel, offer.Replaces, alone: !enrolment.Several) is not { } binding)
            return new EnrolmentOutcome.Over();
        return new EnrolmentOutcome.Bound(
            binding, fresh.Amr is { } amr ? new FactorProof(binding.Factor, binding.Id, clock.GetUtcNow(), amr, fresh.Way) : null);
    }

    /// <summary>
    /// Proves an offer from another device. Nothing is bound by it: that takes the page that waits, in the browser that started. The first approval stands.
    /// </summary>
    /// <param name="kind">The caller's: an offer of another kind is unknown to it.</param>
    public async Task<ApprovalOutcome> ApproveAsync(string offerId, string kind, Answer.Approval answer, string? address, CancellationToken cancel)
    {
        if (await LoadAsync(offerId, cancel) is not { Value: { IsApprovedElsewhere: true } offer } || offer.Factor != kind || Find(kind) is not { } enrolment)
            return new ApprovalOutcome.Unknown();
        if (offer.Approved is not null || offer.Confirmed)
            return new ApprovalOutcome.AlreadyDecided(Approval: true);
        if (await CountTryAsync(offerId, current => current.Approved is null, cancel) is not { } counted)
            return new ApprovalOutcome.Unknown();
        if (await enrolment.ConfirmAsync(counted, answer, cancel) is not { } fresh)
        {
            await audit.FailedAsync(counted, new EnrolmentOutcome.Wrong(), address);
            return new ApprovalOutcome.Wrong();
        }

        // The mark first: an offer that somebody puts back as it was before is not approved by another. If we crash after it the person starts again.
        if (!await marks.TryAsync($"offer:{offerId}:approved", counted.ExpiresAt, cancel)
            || await ChangeAsync(offerId, current => current.Approved is null ? current with { Approved = ApprovedBinding.Of(fresh) } : null, "kept", cancel) is null)
            return new ApprovalOutcome.AlreadyDecided(Approval: true);
        await wakeUps.WakeAsync(TopicOf(offerId), cancel);
        return new ApprovalOutcome.Approved();
    }

    /// <summary>Woken when the offer is approved.</summary>
    public static string TopicOf(string offerId) => "offer:" + offerId;

    /// <summary>For the page that waits; <see cref="WaitingState.Over"/> for whoever is not its browser.</summary>
    public async Task<WaitingState> StatusAsync(string? offerId, byte[] browserHash, CancellationToken cancel)
    {
        if (await LoadAsync(offerId, cancel) is not { Value: var offer } || offer.BrowserHash is not { } browser || !CryptographicOperations.FixedTimeEquals(browser, browserHash)
            || offer.Confirmed)
            return WaitingState.Over;
        return offer.Approved is not null ? WaitingState.Approved : offer is { IsApprovedElsewhere: true, Tries: < TriesPerOffer } ? WaitingState.Waiting : WaitingState.Over;
    }

    private Task<EnrolmentOffer?> CountTryAsync(string? offerId, Func<EnrolmentOffer, bool> isFor, CancellationToken cancel) => ChangeAsync(
        offerId, offer => isFor(offer) && offer.Tries < TriesPerOffer ? offer with { Tries = offer.Tries + 1 } : null, null, cancel);

    /// <summary>The person went another way.</summary>
    public async Task ForgetAsync(string? offerId, string userId, byte[] place, CancellationToken cancel)
    {
        if (await LoadAsync(offerId, userId, place, cancel) is { } kept)
            await ephemeral.RemoveAsync(Key(kept.Value.Id), cancel);
    }

    private async Task<(string? OfferId, string? Refused)> InsteadAsync(
        EnrolmentOffer offer, IEnrolment enrolment, EnrolmentFor whom, byte[] place, string? said, CancellationToken cancel)
    {
        var (fresh, refused) = await OfferAsync(enrolment, whom, place, said, offer.Replaces, offer.ExpiresAt, cancel);
        if (fresh is null)
            return (offer.Id, refused);
        await ForgetAsync(offer.Id, whom.UserId, place, cancel);
        return (fresh, null);
    }

    private async Task<(string? OfferId, string? Refused)> OfferAsync(
        IEnrolment enrolment, EnrolmentFor whom, byte[] place, string? said, string? replaces, DateTimeOffset until, CancellationToken cancel)
    {
        var id = Handles.NewId();
        var offered = await enrolment.OfferAsync(whom with { OfferId = id }, said, cancel);
        if (offered is not Offered.Made made)
            return (null, ((Offered.Refused)offered).Reason);
        var offer = new EnrolmentOffer
        {
            Id = id,
            Factor = enrolment.Kind.Id,
            UserId = whom.UserId,
            Place = place,
            BrowserHash = whom.BrowserHash,
            ExpiresAt = until,
            Prompt = made.Prompt,
            Memo = made.Memo,
            Show = made.Show,
            Said = said,
            Replaces = replaces,
        };
        await ephemeral.SetAsync(Key(offer.Id), Write(offer), Left(offer), Holder.Person(offer.UserId), cancel);
        return (offer.Id, null);
    }

    /// <param name="state">What it becomes, once; null: one more try.</param>
    private async Task<EnrolmentOffer?> ChangeAsync(string? offerId, Func<EnrolmentOffer, EnrolmentOffer?> change, string? state, CancellationToken cancel)
    {
        while (await LoadAsync(offerId, cancel) is { } seen)
        {
            if (seen.Value.Confirmed || change(seen.Value) is not { } changed)
                return null;
            if (await ephemeral.ReplaceAsync(Key(changed.Id), seen.Bytes, Write(changed), Left(changed), Holder.Person(changed.UserId), cancel) is null)
                continue;
            // What counts: an older offer that somebody put back has been here before.
            return await marks.TryAsync($"offer:{changed.Id}:{state ?? changed.Tries.ToString(CultureInfo.InvariantCulture)}", changed.ExpiresAt, cancel) ? changed : null;
        }

        return null;
    }

    private async Task<Stored<EnrolmentOffer>?> LoadAsync(string? offerId, string userId, byte[] place, CancellationToken cancel) =>
        await LoadAsync(offerId, cancel) is { } found && IsAt(found.Value, userId, place) ? found : null;

    private async Task<Stored<EnrolmentOffer>?> LoadAsync(string? offerId, CancellationToken cancel)
    {
        if (!Handles.IsId(offerId) || await ephemeral.GetAsync(Key(offerId), cancel) is not { } found
            || Stored.Read(found.Value, EnrolmentJson.Default.EnrolmentOffer) is not { } offer)
            return null;
        return offer.ExpiresAt > clock.GetUtcNow() ? new Stored<EnrolmentOffer>(offer, found.Bytes) : null;
    }

    private static bool IsAt(EnrolmentOffer offer, string userId, byte[] place) =>
        offer.UserId == userId && CryptographicOperations.FixedTimeEquals(offer.Place, place);

    // The store seals it, and must: it holds what will be a secret of the account.
    private static byte[] Write(EnrolmentOffer offer) => JsonSerializer.SerializeToUtf8Bytes(offer, EnrolmentJson.Default.EnrolmentOffer);

    private TimeSpan Left(EnrolmentOffer offer)
    {
        var left = offer.ExpiresAt - clock.GetUtcNow();
        return left > TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1);
    }

    private static string Key(string id) => "offer:" + id;
}
