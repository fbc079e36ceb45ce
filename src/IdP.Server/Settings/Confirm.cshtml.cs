using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.SignIn;
using IdP.Server.StepUp;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.Settings;

/// <summary>
/// A fresh proof for one action: with the factor that the action concerns or another bound one, or with the password where none is bound.
/// A trusted device is not asked about at all.
/// </summary>
internal sealed class ConfirmPage(
    SettingsActions actions, RecentProof proofs, SecondFactors factors, PasswordStep password, SettingsDesk desk, TimeProvider clock) : PageModel
{
    public ConfirmView View { get; private set; } = null!;

    public async Task<IActionResult> OnGetAsync(string? action, string? with)
    {
        var (visit, elsewhere) = await this.EnterAsync();
        if (visit is null)
            return elsewhere!;
        if (await actions.ReadAsync(action, visit.Person.Id, HttpContext.RequestAborted) is not { } wanted)
            return this.Unknown();
        return await proofs.IsThereAsync(visit.Asker, wanted.Guard, HttpContext.RequestAborted)
            ? PageSteps.SeeOther(wanted.Path)
            : await DrawAsync(visit, wanted, with, null, Asking.Look);
    }

    // Passwords are read here and not bound: the framework would write bound arguments into a log at Trace (I-7).
    public Task<IActionResult> OnPostAsync(string? action, string? with) => PostAsync(action, async (visit, wanted) =>
    {
        if (proofs.FactorsOf(visit.Person).Count == 0)
            return await TryPasswordAsync(visit, wanted);
        if (Answers.Read(Request.Form) is not { } answer)
            return await DrawAsync(visit, wanted, with, Problem.MissingField);
        var outcome = await proofs.AnswerAsync(visit.Asker, wanted.Guard, answer, HttpContext.RequestAborted);
        if (outcome is not StepUpOutcome.Passed { Proof: var proof })
            return await DrawAsync(visit, wanted, with, Problem.Of(outcome, answer), outcome is StepUpOutcome.Denied ? Asking.Look : Asking.Ask);
        await desk.RaiseAsync(HttpContext, visit, proof);
        return PageSteps.SeeOther(wanted.Path);
    });

    /// <summary>Another code, please.</summary>
    public Task<IActionResult> OnPostAgainAsync(string? action, string? with) => PostAsync(action, (visit, wanted) => DrawAsync(visit, wanted, with, null, Asking.Again));

    private async Task<IActionResult> PostAsync(string? action, Func<Visit, SettingsAction, Task<IActionResult>> work)
    {
        var (visit, elsewhere) = await this.EnterPostAsync();
        if (visit is null)
            return elsewhere!;
        return await actions.ReadAsync(action, visit.Person.Id, HttpContext.RequestAborted) is { } wanted ? await work(visit, wanted) : this.Unknown();
    }

    private async Task<IActionResult> TryPasswordAsync(Visit visit, SettingsAction wanted)
    {
        string? typed = Request.Form["password"];
        if (string.IsNullOrEmpty(typed))
            return await DrawAsync(visit, wanted, null, Problem.MissingField);
        try
        {
            switch (await password.TryAsync(visit.Person.UserName, typed, HttpContext.Connection.RemoteIpAddress, HttpContext.RequestAborted, _ => Task.FromResult(visit.Asker.DeviceId)))
            {
                case PasswordOutcome.Right right when right.UserId == visit.Person.Id:
                    await proofs.PasswordGivenAsync(visit.Asker, wanted.Guard, HttpContext.RequestAborted);
                    return PageSteps.SeeOther(wanted.Path);
                case PasswordOutcome.TooMany tooMany:
                    return await DrawAsync(visit, wanted, null, Problem.TooManyTries(Minutes.Of(tooMany.RetryAfter)));
                default:
                    return await DrawAsync(visit, wanted, null, Problem.WrongOwnPassword);
            }
        }
        catch (BusyException)
        {
            Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            Response.Headers.RetryAfter = "2";
            return await DrawAsync(visit, wanted, null, Problem.Busy);
        }
    }

    private async Task<IActionResult> DrawAsync(Visit visit, SettingsAction wanted, string? with, Problem? problem, Asking asking = Asking.Ask)
    {
        if (proofs.FactorsOf(visit.Person) is not { Count: > 0 } bound)
        {
            View = new ConfirmView(visit, wanted, null, OtherWays.None, problem);
            return Page();
        }

        var usable = factors.Askable(bound, wanted.First);
        if (usable.Length == 0)
            return PageSteps.Calm("no_second_step");
        var chosen = with is not null && usable.Contains(with) ? with : await proofs.PreferAsync(visit.Asker, wanted.Guard, usable, HttpContext.RequestAborted);
        var start = await proofs.ChallengeAsync(visit.Asker, wanted.Guard, chosen, asking, HttpContext.RequestAborted);
        View = new ConfirmView(visit, wanted, PromptView.Of(factors.Find(chosen)!.Info, start, problem is not null, clock.GetUtcNow()),
            OtherWays.Than(chosen, usable, factors), problem);
        return Page();
    }
}

/// <param name="Prompt">Null: the password is asked.</param>
internal sealed record ConfirmView(Visit Visit, SettingsAction Action, PromptView? Prompt, OtherWays Others, Problem? Problem);
