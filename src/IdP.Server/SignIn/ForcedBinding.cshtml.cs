using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Hosting;
using IdP.Server.StepUp;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.SignIn;

/// <summary>
/// Binding inside a sign-in, because a policy or the app demands it: choose a factor, prove it, go on to the app. Open only while the decider asks this
/// person, in this browser, for it.
/// </summary>
internal sealed class ForcedBindingPage(
    Enrolments enrolments, SecondFactors factors, BindingPolicies policies, SignIns signIns, SignInDesk desk, TimeProvider clock) : PageModel
{
    public ForcedBindingView View { get; internal set; } = null!;

    public async Task<IActionResult> OnGetAsync(string? tx, string? change)
    {
        var (at, elsewhere) = await this.OpenAsync<NextStep.Bind>(tx);
        if (at is null)
            return elsewhere!;
        return change == "yes" && await OfferAsync(at) is { Said: { } said } offer && enrolments.Find(offer.Factor) is { Question: not null }
            ? await DrawAsync(at, asking: offer.Factor, said: said)
            : await DrawAsync(at);
    }

    /// <summary>A factor, and what it has to be told first.</summary>
    public async Task<IActionResult> OnPostChooseAsync(string? tx, string? factor)
    {
        var (at, elsewhere) = await this.OpenPostAsync<NextStep.Bind>(tx);
        if (at is null)
            return elsewhere!;
        if (factor is null || !Step(at).Factors.Contains(factor) || enrolments.Find(factor) is not { } enrolment)
            return await DrawAsync(at);
        // Read here and not bound: the framework would write bound arguments into a log at Trace (I-7).
        var said = enrolment.Question is null ? null : (string?)Request.Form["said"];
        if (enrolment.Question is not null && string.IsNullOrWhiteSpace(said))
            return await DrawAsync(at, asking: factor, problem: Request.Form.ContainsKey("said") ? Problem.MissingField : null);

        // Corrected, and refused: what was offered before stays.
        var present = await OfferAsync(at);
        var (offer, refused) = said is not null && present?.Factor == factor
            ? await enrolments.CorrectAsync(Whom(at), at.Progress.BrowserHash, present.Id, said, HttpContext.RequestAborted)
            : await enrolments.OfferAsync(enrolment, Whom(at), at.Progress.BrowserHash, said, replaces: null, HttpContext.RequestAborted);
        if (refused is not null)
            offer = null;
        if (offer is null)
            return await DrawAsync(at, asking: enrolment.Question is null ? null : factor, said: said, reason: refused is null ? null : factors.FindKind(factor)!.Kind.Words.Find(refused));
        await signIns.ChangeAsync(at.Kept, kept => kept with { OfferId = offer }, HttpContext.RequestAborted);
        return PageSteps.SeeOther(SignInDesk.PathOf(at.Next, at.Tx));
    }

    public async Task<IActionResult> OnPostAsync(string? tx)
    {
        var (at, elsewhere) = await this.OpenPostAsync<NextStep.Bind>(tx);
        if (at is null)
            return elsewhere!;
        if (await OfferAsync(at) is not { } offer)
            return await AfterTheOtherAsync(at);
        if (Answers.Read(Request.Form) is not { } answer)
            return await DrawAsync(at, problem: Problem.MissingField);

        var person = at.Situation.Person!.Id;
        var by = By.Person(HttpContext, person, at.Situation.Session?.Id) with { Epoch = at.Progress.Proofs.Epoch };
        return await enrolments.ConfirmAsync(offer.Id, person, at.Progress.BrowserHash, answer, by, HttpContext.RequestAborted) switch
        {
            EnrolmentOutcome.Bound bound => await AdvanceAsync(at, bound.Proof),
            EnrolmentOutcome.TooMany tooMany => await DrawAsync(at, problem: Problem.TooManyTries(Minutes.Of(tooMany.RetryAfter))),
            EnrolmentOutcome.NotYet => await DrawAsync(at, problem: Problem.NotConfirmed),
            EnrolmentOutcome.Wrong => await DrawAsync(at, problem: Problem.Wrong(answer)),
            _ => await AfterTheOtherAsync(at),
        };
    }

    /// <summary>Another code, please.</summary>
    public async Task<IActionResult> OnPostAgainAsync(string? tx)
    {
        var (at, elsewhere) = await this.OpenPostAsync<NextStep.Bind>(tx);
        if (at is null)
            return elsewhere!;
        if (await OfferAsync(at) is { } offer)
        {
            var (fresh, refused) = await enrolments.AgainAsync(Whom(at), at.Progress.BrowserHash, offer.Id, HttpContext.RequestAborted);
            if (refused is not null)
                return await DrawAsync(at, reason: factors.FindKind(offer.Factor)!.Kind.Words.Find(refused));
            await signIns.ChangeAsync(at.Kept, kept => kept with { OfferId = fresh }, HttpContext.RequestAborted);
        }

        return PageSteps.SeeOther(SignInDesk.PathOf(at.Next, at.Tx));
    }

    /// <summary>Back to the choice.</summary>
    public async Task<IActionResult> OnPostOtherAsync(string? tx)
    {
        var (at, elsewhere) = await this.OpenPostAsync<NextStep.Bind>(tx);
        if (at is null)
            return elsewhere!;
        await enrolments.ForgetAsync(at.Progress.OfferId, at.Situation.Person!.Id, at.Progress.BrowserHash, HttpContext.RequestAborted);
        await signIns.ChangeAsync(at.Kept, kept => kept with { OfferId = null }, HttpContext.RequestAborted);
        return PageSteps.SeeOther(SignInDesk.PathOf(at.Next, at.Tx));
    }

    /// <summary>Not now: counted for good before it counts here.</summary>
    public async Task<IActionResult> OnPostSkipAsync(string? tx)
    {
        var (at, elsewhere) = await this.OpenPostAsync<NextStep.Bind>(tx);
        if (at is null)
            return elsewhere!;
        var person = at.Situation.Person!.Id;
        if (await policies.SkipAsync(person, Step(at).Skips, By.Person(HttpContext, person, at.Situation.Session?.Id), HttpContext.RequestAborted))
        {
            await signIns.ChangeAsync(at.Kept, kept => kept.Finishing || kept.UserId != person
                ? null : kept with { Proofs = kept.Proofs with { BindingPutOff = Step(at).Skips } }, HttpContext.RequestAborted);
        }

        return PageSteps.SeeOther(SignInDesk.ContinuePath(at.Tx));
    }

    /// <param name="proof">Null where binding proves nothing: having read something is no second factor done.</param>
    private async Task<IActionResult> AdvanceAsync(SignInAt at, FactorProof? proof)
    {
        var person = at.Situation.Person!.Id;
        await signIns.ChangeAsync(at.Kept, kept => kept.Finishing || kept.UserId != person ? null : kept with
        {
            Proofs = proof is null ? kept.Proofs : kept.Proofs.With(proof),
            OfferId = null,
        }, HttpContext.RequestAborted);
        return PageSteps.SeeOther(SignInDesk.ContinuePath(at.Tx));
    }

    // A double click sends the form twice: the one that came second goes where the first one leads, once that has got there.
    private async Task<IActionResult> AfterTheOtherAsync(SignInAt at)
    {
        for (var look = 0; look < 8; look++)
        {
            if (await desk.OpenAsync(HttpContext, at.Tx) is not { Next: NextStep.Bind })
                return PageSteps.SeeOther(SignInDesk.ContinuePath(at.Tx));
            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, HttpContext.RequestAborted);
        }

        return await DrawAsync(at, problem: Problem.CodeExpired);
    }

    private async Task<PageResult> DrawAsync(SignInAt at, string? asking = null, string? said = null, Problem? problem = null, string? reason = null)
    {
        HttpContext.LeadsTo(at.Request.Target.RedirectUri);
        var step = Step(at);
        var present = await OfferAsync(at);
        var offer = asking is null ? present : null;
        var ask = offer is null ? null : OfferOf(at, offer, false).Ask(factors.FindKind(offer.Factor)!.Kind);
        View = new ForcedBindingView(
            SignInDesk.CardOf(at.Request), at.Tx, this.CsrfToken(), at.Situation.Person!.UserName, LeadOf(at),
            [.. step.Factors.Select(id => factors.FindKind(id)!.Kind).Select(kind => new ForcedBindingChoice(kind.Id, kind.Name, kind.About))],
            asking is null ? null : QuestionOf(asking, said), offer is null ? null : OfferOf(at, offer, problem is not null),
            offer is null ? null : factors.FindKind(offer.Factor)!.Kind.Name,
            offer is not null && offer.Prompt.OffersAnother(out var again) ? PromptView.SecondsUntil(again, clock.GetUtcNow()) : null,
            step.SkipsLeft, problem, reason, asking is not null && present?.Factor == asking ? present.Said : null,
            ask?.SendLabel, ask?.DoneLabel);
        return Page();
    }

    private static string[] LeadOf(SignInAt at)
    {
        var app = SignInDesk.CardOf(at.Request).Name;
        if (!Step(at).OnDemand)
            return [Step(at).Factors.Count > 0 ? SignInTexts.BindText : SignInTexts.BindNothing];
        return at.Request.Client.MinimumFactorAge is { } seconds and > 0
            ? [SignInTexts.BindDemand(app), SignInTexts.BindDemandLater(Hours.Of(TimeSpan.FromSeconds(seconds)))]
            : [SignInTexts.BindDemand(app)];
    }

    private static OfferView OfferOf(SignInAt at, EnrolmentOffer offer, bool wrong) =>
        new(offer, wrong, offer.Said is null ? null : SignInDesk.PathOf(at.Next, at.Tx) + "&change=yes");

    private ForcedBindingQuestion QuestionOf(string factor, string? said)
    {
        var (kind, question) = (factors.FindKind(factor)!.Kind, enrolments.Find(factor)!.Question!);
        return new(factor, kind.Name, kind.Words.Get("Ask"), kind.Words.Find("AskHelp"), question, said);
    }

    private async Task<EnrolmentOffer?> OfferAsync(SignInAt at) =>
        await enrolments.FindAsync(at.Progress.OfferId, at.Situation.Person!.Id, at.Progress.BrowserHash, HttpContext.RequestAborted) is { } offer && Step(at).Factors.Contains(offer.Factor)
            ? offer : null;

    private EnrolmentFor Whom(SignInAt at) =>
        new(at.Situation.Person!.Id, at.Situation.Person.UserName, Circumstances.Of(HttpContext, SignInDesk.CardOf(at.Request).Name), at.Progress.BrowserHash);

    private static NextStep.Bind Step(SignInAt at) => (NextStep.Bind)at.Next;
}
