using System.Text;
using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.SignIn;
using IdP.Server.StepUp;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.Settings;

/// <summary>Binds a factor, or binds it anew in the place of another of its kind: prove, (say,) scan or wait, type. The old one works until the new one is proven.</summary>
internal sealed class BindPage(
    Enrolments enrolments, FactorBindings bindings, RecentProof proofs, SettingsDesk desk, TimeProvider clock) : PageModel
{
    public BindView View { get; private set; } = null!;

    public async Task<IActionResult> OnGetAsync(string? factor, string? replaces, string? offer, string? change)
    {
        var (visit, elsewhere) = await this.EnterAsync();
        if (visit is null)
            return elsewhere!;
        if (await ReadAsync(visit, factor, replaces) is not { } wanted)
            return this.Unknown();
        if (offer is not null && change == "yes" && wanted.Enrolment.Question is not null && await FindAsync(visit, wanted, offer) is { } present)
            return Draw(new(visit, wanted, null, null, null, present.Said) { Correcting = present });
        if (offer is not null)
            return await DrawOfferAsync(visit, wanted, offer, null);
        if (wanted.AlreadyThere)
            return PageSteps.SeeOther("/account/two-step");
        if (await this.MustProveAsync(visit, wanted.Guard) is { } prove)
            return prove;
        // Nothing to say first: what is to be proven can be shown at once.
        return wanted.Enrolment.Question is null ? await OfferAsync(visit, wanted, null) : Draw(new(visit, wanted, null, null, null, null));
    }

    /// <summary>What the factor asked to be told: an address. With an offer, the person corrects what they said for it; its proof was given.</summary>
    public Task<IActionResult> OnPostOfferAsync(string? factor, string? replaces, string? offer) => PostAsync(factor, replaces, async (visit, wanted) =>
        wanted.AlreadyThere ? PageSteps.SeeOther("/account/two-step")
            : offer is not null ? await CorrectAsync(visit, wanted, offer, Request.Form["said"])
            : await this.MustProveAsync(visit, wanted.Guard) is { } prove ? prove : await OfferAsync(visit, wanted, Request.Form["said"]));

    public Task<IActionResult> OnPostAsync(string? factor, string? replaces, string? offer) => PostAsync(factor, replaces, async (visit, wanted) =>
    {
        if (await FindAsync(visit, wanted, offer) is null)
            return Draw(new(visit, wanted, null, Problem.CodeExpired, null, null));
        if (Answers.Read(Request.Form) is not { } answer)
            return await DrawOfferAsync(visit, wanted, offer, Problem.MissingField);
        var outcome = await enrolments.ConfirmAsync(offer, visit.Person.Id, visit.Asker.Place, answer, visit.By, HttpContext.RequestAborted, Request.Form["label"]);
        // What bound it was a second factor really done, here and now: the person is not asked for another.
        if (outcome is EnrolmentOutcome.Bound { Proof: { } proof })
            await desk.GoOnAsync(HttpContext, visit, visit.Session.Proofs.With(proof));
        else if (outcome is EnrolmentOutcome.Bound && replaces is not null)
            await desk.SettleAsync(HttpContext, visit, replaces);
        return outcome switch
        {
            EnrolmentOutcome.Bound => PageSteps.SeeOther(TwoStepPage.DonePath(replaces is null ? "bound" : "rebound", wanted.Kind.Id)),
            EnrolmentOutcome.TooMany tooMany => await DrawOfferAsync(visit, wanted, offer, Problem.TooManyTries(Minutes.Of(tooMany.RetryAfter))),
            EnrolmentOutcome.NotYet => await DrawOfferAsync(visit, wanted, offer, Problem.NotConfirmed),
            EnrolmentOutcome.Wrong => await DrawOfferAsync(visit, wanted, offer, Problem.Wrong(answer)),
            _ => Draw(new(visit, wanted, null, Problem.CodeExpired, null, null)),
        };
    });

    /// <summary>Another code, please.</summary>
    public Task<IActionResult> OnPostAgainAsync(string? factor, string? replaces, string? offer) => PostAsync(factor, replaces, async (visit, wanted) =>
    {
        var mine = await FindAsync(visit, wanted, offer);
        var (fresh, refused) = await enrolments.AgainAsync(For(visit), visit.Asker.Place, mine?.Id, HttpContext.RequestAborted);
        return refused is null
            ? PageSteps.SeeOther($"{wanted.Path}&offer={Uri.EscapeDataString(fresh ?? offer ?? "")}")
            : await DrawOfferAsync(visit, wanted, offer, null, wanted.Says(refused));
    });

    /// <summary>Codes to keep, as a file: works without scripts.</summary>
    public async Task<IActionResult> OnGetFileAsync(string? offer)
    {
        var (visit, elsewhere) = await this.EnterAsync();
        if (visit is null)
            return elsewhere!;
        if (await enrolments.FindAsync(offer, visit.Person.Id, visit.Asker.Place, HttpContext.RequestAborted) is not { } found || new OfferView(found, false).Codes is not { Count: > 0 } codes)
            return this.Unknown();
        var text = $"{visit.Person.UserName}\r\n\r\n{string.Join("\r\n", codes)}\r\n";
        return File(Encoding.UTF8.GetBytes(text), "text/plain; charset=utf-8", "recovery-codes.txt");
    }

    private async Task<IActionResult> PostAsync(string? factor, string? replaces, Func<Visit, BindWish, Task<IActionResult>> work)
    {
        var (visit, elsewhere) = await this.EnterPostAsync();
        if (visit is null)
            return elsewhere!;
        return await ReadAsync(visit, factor, replaces) is { } wanted ? await work(visit, wanted) : this.Unknown();
    }

    private async Task<BindWish?> ReadAsync(Visit visit, string? factor, string? replaces)
    {
        if (factor is null || enrolments.Find(factor) is not { } enrolment)
            return null;
        if (replaces is null)
            return new(enrolment.Kind, enrolment, null, GuardedAction.Bind(factor), !enrolment.Several && visit.Person.BoundFactors.Contains(factor));
        return await bindings.FindAsync(visit.Person.Id, replaces, HttpContext.RequestAborted) is { } old && old.Factor == factor
            ? new(enrolment.Kind, enrolment, old.Id, GuardedAction.Rebind(old.Id), false)
            : null;
    }

    private static EnrolmentFor For(Visit visit) => new(visit.Person.Id, visit.Person.UserName, visit.Asker.Circumstances, visit.Asker.BrowserHash);

    private async Task<IActionResult> OfferAsync(Visit visit, BindWish wanted, string? said)
    {
        var whom = For(visit);
        var (offerId, refused) = await enrolments.OfferAsync(wanted.Enrolment, whom, visit.Asker.Place, said, wanted.Replaces, HttpContext.RequestAborted);
        if (offerId is null)
            return Draw(new(visit, wanted, null, null, wanted.Says(refused!), said));
        // The proof buys one offer; of two requests at once, one.
        if (await proofs.TakeAsync(visit.Asker, wanted.Guard, HttpContext.RequestAborted))
            return PageSteps.SeeOther($"{wanted.Path}&offer={offerId}");
        await enrolments.ForgetAsync(offerId, visit.Person.Id, visit.Asker.Place, HttpContext.RequestAborted);
        return PageSteps.SeeOther(SettingsSteps.ConfirmPath(wanted.Guard));
    }

    private async Task<IActionResult> CorrectAsync(Visit visit, BindWish wanted, string offerId, string? said)
    {
        if (await FindAsync(visit, wanted, offerId) is not { } present)
            return Draw(new(visit, wanted, null, Problem.CodeExpired, null, null));
        var (offer, refused) = await enrolments.CorrectAsync(For(visit), visit.Asker.Place, present.Id, said, HttpContext.RequestAborted);
        return refused is null
            ? PageSteps.SeeOther($"{wanted.Path}&offer={offer ?? present.Id}")
            : Draw(new(visit, wanted, null, null, wanted.Says(refused), said) { Correcting = present });
    }

    private async Task<IActionResult> DrawOfferAsync(Visit visit, BindWish wanted, string? offerId, Problem? problem, string? refused = null) =>
        await FindAsync(visit, wanted, offerId) is { } offer
            ? Draw(new(visit, wanted, offer, problem, refused, null, PromptView.SecondsUntil(offer.Prompt.OffersAnother(out var again) ? again : null, clock.GetUtcNow())))
            : Draw(new(visit, wanted, null, Problem.CodeExpired, null, null));

    // An offer for one thing is none for another: what the address names is what is bound, in the place of what it names.
    private async Task<EnrolmentOffer?> FindAsync(Visit visit, BindWish wanted, string? offerId) =>
        await enrolments.FindAsync(offerId, visit.Person.Id, visit.Asker.Place, HttpContext.RequestAborted) is { } offer && offer.Factor == wanted.Kind.Id && offer.Replaces == wanted.Replaces
            ? offer : null;

    private PageResult Draw(BindView view)
    {
        View = view;
        return Page();
    }
}

/// <param name="Replaces">The binding whose place the new one takes.</param>
internal sealed record BindWish(FactorKind Kind, IEnrolment Enrolment, string? Replaces, GuardedAction Guard, bool AlreadyThere)
{
    public string Path => $"/account/two-step/bind?factor={Kind.Id}" + (Replaces is null ? "" : "&replaces=" + Replaces);

    public string OfferPath(EnrolmentOffer offer) => $"{Path}&offer={offer.Id}";

    /// <summary>The factor's own words for a reason.</summary>
    public string Says(string reason) => Kind.Words.Find(reason) ?? reason;

    public string PathOf(string handler) => Path.Replace("/bind?", $"/bind/{handler}?", StringComparison.Ordinal);
}

/// <param name="Offer">Null: the question is asked, or there is nothing to go on with.</param>
/// <param name="Refused">Why the factor did not take what was said.</param>
/// <param name="AgainInSeconds">How long until another code may be sent.</param>
internal sealed record BindView(Visit Visit, BindWish Wish, EnrolmentOffer? Offer, Problem? Problem, string? Refused, string? Said, int AgainInSeconds = 0)
{
    /// <summary>The offer whose address the person corrects; it stays until another is made.</summary>
    public EnrolmentOffer? Correcting { get; init; }
}
