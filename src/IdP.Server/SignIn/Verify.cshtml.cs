using IdP.Server.Accounts;
using IdP.Server.DeviceTrust;
using IdP.Server.Hosting;
using IdP.Server.Factors;
using IdP.Server.Storage;
using IdP.Server.StepUp;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.SignIn;

/// <summary>Second step: one of the factors that are bound and would do.</summary>
internal sealed class VerifyPage(
    StepUpService stepUp, SecondStepQuestion question, SecondFactors factors, FactorBindings bindings, SignIns signIns, SignInDesk desk, BrowserTrust trust, IdpCookies cookies,
    IdpOptions options, TimeProvider clock) : PageModel
{
    public VerifyView View { get; internal set; } = null!;

    public async Task<IActionResult> OnGetAsync(string? tx)
    {
        var (at, elsewhere) = await this.OpenAsync<NextStep.Verify>(tx);
        return at is null ? elsewhere! : await DrawAsync(at, null, Asking.Look);
    }

    public async Task<IActionResult> OnPostAsync(string? tx)
    {
        var (at, elsewhere) = await this.OpenPostAsync<NextStep.Verify>(tx);
        if (at is null)
            return elsewhere!;
        if (Answers.Read(Request.Form) is not { } answer)
            return await DrawAsync(at, Problem.MissingField);
        if (at.Progress.ChallengeId is not { } challengeId)
            return await DrawAsync(at, Problem.CodeExpired);

        var own = await trust.OwnAsync(HttpContext, at.Situation.Person!.Id, HttpContext.RequestAborted);
        var outcome = await stepUp.AnswerAsync(
            challengeId, at.Situation.Person.Id, Purpose(at), at.Progress.BrowserHash, answer, HttpContext.RequestAborted,
            new Answerer(HttpContext.Connection.RemoteIpAddress?.ToString(), at.Request.Client.ClientId, own));
        return outcome switch
        {
            StepUpOutcome.Passed passed => await AdvanceAsync(at, passed),
            // Who refused on the phone is not rung again before they say so here.
            StepUpOutcome.Denied => await DrawAsync(at, Problem.Of(outcome, answer), Asking.Look),
            StepUpOutcome.AlreadyUsed or StepUpOutcome.Over => await AfterTheOtherAsync(at, Problem.Of(outcome, answer)),
            _ => await DrawAsync(at, Problem.Of(outcome, answer)),
        };
    }

    /// <summary>Another way of the same kind, or 更换验证方式: another bound factor; nothing more.</summary>
    public async Task<IActionResult> OnPostOtherAsync(string? tx, string? factor)
    {
        var (at, elsewhere) = await this.OpenPostAsync<NextStep.Verify>(tx);
        if (at is null)
            return elsewhere!;
        var step = (NextStep.Verify)at.Next;
        if (factor is not null && factors.Askable(step.Factors).Contains(factor))
        {
            await signIns.ChangeAsync(at.Kept, kept => kept with { ChosenFactor = factor }, HttpContext.RequestAborted);
            await question.AskAsync(HttpContext, at, at.Situation.Person!.Id, step, factor);
        }

        return PageSteps.SeeOther(SignInDesk.ContinuePath(at.Tx));
    }

    /// <summary>Another code, please.</summary>
    public async Task<IActionResult> OnPostAgainAsync(string? tx)
    {
        var (at, elsewhere) = await this.OpenPostAsync<NextStep.Verify>(tx);
        return at is null ? elsewhere! : await DrawAsync(at, null, Asking.Again);
    }

    // A double click sends the form twice: the one that came second goes where the first one leads, once that has got there.
    private async Task<IActionResult> AfterTheOtherAsync(SignInAt at, Problem problem)
    {
        for (var look = 0; look < 8; look++)
        {
            if (await desk.OpenAsync(HttpContext, at.Tx) is not { Next: NextStep.Verify })
                return PageSteps.SeeOther(SignInDesk.ContinuePath(at.Tx));
            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, HttpContext.RequestAborted);
        }

        return await DrawAsync(at, problem);
    }

    // The proof belongs to the person it was asked of: from now on this sign-in is theirs, and a session of somebody else counts for nothing in it.
    private async Task<IActionResult> AdvanceAsync(SignInAt at, StepUpOutcome.Passed passed)
    {
        var (person, epoch) = (at.Situation.Person!.Id, at.Situation.Person.Epoch);
        // Where the session came after the sign-in had begun, nobody owns it yet.
        var owner = at.Progress.OwnerHash ?? Handles.Hash(cookies.NewOwner(HttpContext, at.Progress.Id));
        await signIns.ChangeAsync(at.Kept, kept => kept.Finishing || (kept.UserId is { } other && other != person) ? null : kept with
        {
            UserId = person,
            Proofs = (kept.Proofs.Epoch == epoch ? kept.Proofs : Proofs.None with { Epoch = epoch }).With(passed.Proof),
            ChallengeId = null,
            OwnerHash = kept.OwnerHash ?? owner,
            TrustThisBrowser = passed.TrustThisBrowser != false
                && (kept.TrustThisBrowser || (MayTrust(at) && (passed.TrustThisBrowser ?? TrustWanted))),
        }, HttpContext.RequestAborted);
        return PageSteps.SeeOther(SignInDesk.ContinuePath(at.Tx));
    }

    private async Task<IActionResult> DrawAsync(SignInAt at, Problem? problem, Asking asking = Asking.Ask)
    {
        var cancel = HttpContext.RequestAborted;
        var usable = factors.Askable(((NextStep.Verify)at.Next).Factors);
        if (usable.Length == 0)
        {
            HttpContext.LeadsTo(at.Request.Target.RedirectUri);
            return PageSteps.Calm("no_second_step", new("/connect/cancel?tx=" + at.Tx, SignInTexts.Cancel(SignInDesk.CardOf(at.Request).Name), this.CsrfToken()));
        }

        var (person, current) = (at.Situation.Person!, at.Progress.ChallengeId);
        var chosen = at.Progress.ChosenFactor is { } wanted && usable.Contains(wanted)
            ? wanted : await stepUp.PreferAsync(person.Id, usable, Purpose(at), at.Progress.BrowserHash, current, cancel);

        var start = await stepUp.StartAsync(person.Id, chosen, Purpose(at), at.Progress.BrowserHash, current, cancel, asking,
            Circumstances.Of(HttpContext, SignInDesk.CardOf(at.Request).Name));
        // A double click: the other request has asked meanwhile.
        if (start is { Challenge: null, Reason: null } && asking != Asking.Look)
            return PageSteps.SeeOther(SignInDesk.PathOf(at.Next, at.Tx));
        if (start.Challenge is { Id: var asked } && asked != current)
            await signIns.ChangeAsync(at.Kept, kept => kept with { ChallengeId = asked, Trouble = null }, cancel);

        HttpContext.LeadsTo(at.Request.Target.RedirectUri);
        var info = factors.Find(chosen)!.Info;
        var bound = await bindings.ListAsync(person.Id, cancel);
        View = new VerifyView(
            SignInDesk.CardOf(at.Request), at.Tx, this.CsrfToken(), PromptView.Of(info, start, problem is not null, clock.GetUtcNow(), TroubleAt(at, info, start) ?? LeftOf(info, bound)),
            OtherWays.Than(chosen, usable, factors),
            problem, person.UserName, MayTrust(at) ? options.TrustedDevices.Days : null, TrustWanted, TooRecent(at) ?? WarningIn(bound));
        return Page();
    }

    // Why the code that the password, or the choice of this way, should have sent is not on its way. The way that is offered instead says so too.
    private string? TroubleAt(SignInAt at, FactorInfo info, ChallengeStart start) =>
        at.Progress.Trouble is { } trouble && (trouble.Factor != info.Id || start.Challenge is null)
            ? factors.Find(trouble.Factor)?.Info.Words.Find(trouble.Reason) : null;

    private bool TrustWanted => HttpMethods.IsPost(Request.Method) && Request.Form["trust"] == "yes";

    /// <summary>A browser that is trusted already is asked because the app wants the person to prove anew: there is nothing to add.</summary>
    private bool MayTrust(SignInAt at) => options.TrustedDevices.Enabled && at.Situation.TrustedDevice is null;

    // How much is left of what is for the day the others are lost; few enough for a warning are in the warning.
    private string? LeftOf(FactorInfo info, List<FactorBinding> bound) =>
        info.Kind.IsFallback && bound.Find(binding => binding.Factor == info.Kind.Id) is { } binding
        && factors.FindKind(info.Kind.Id) is { } kind && kind.Warn(binding) is null ? kind.Describe(binding) : null;

    // At every sign-in and not only where it is used: on the day it is needed it is too late.
    private string? WarningIn(List<FactorBinding> bound) => bound.Select(binding => factors.FindKind(binding.Factor)?.Warn(binding)).FirstOrDefault(warning => warning is not null);

    // Done in this sign-in and asked for again: of two bound factors of one kind the newer was used, which this client does not accept yet.
    private static string? TooRecent(SignInAt at) =>
        at.Request.Client.MinimumFactorAge is { } seconds and > 0
        && at.Progress.Proofs.Factors.Any(proof => ((NextStep.Verify)at.Next).Factors.Contains(proof.Id) && !Proven.Accepts(at.Situation, proof))
            ? SignInTexts.TooRecent(Hours.Of(TimeSpan.FromSeconds(seconds)))
            : null;

    private static string Purpose(SignInAt at) => SecondStepQuestion.PurposeOf(at.Progress.Id);
}
