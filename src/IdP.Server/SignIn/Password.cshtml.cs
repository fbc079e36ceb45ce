using IdP.Server.Accounts;
using IdP.Server.DeviceTrust;
using IdP.Server.Hosting;
using IdP.Server.Storage;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.SignIn;

/// <summary>First step: who, and the password.</summary>
internal sealed class PasswordPage(
    PasswordStep step, SignIns signIns, SignInDesk desk, SecondStepQuestion question, GuessLimits limits, BrowserTrust trust, IdpCookies cookies) : PageModel
{
    public PasswordView View { get; internal set; } = null!;

    public async Task<IActionResult> OnGetAsync(string? tx)
    {
        var (at, elsewhere) = await this.OpenAsync<NextStep.Password>(tx);
        return at is null ? elsewhere! : Draw(at, at.Situation.Person?.UserName ?? at.Request.LoginHint, null);
    }

    // The form's values are read here and not bound: the framework would write bound arguments into a log at Trace (I-7).
    public async Task<IActionResult> OnPostAsync(string? tx)
    {
        var (at, elsewhere) = await this.OpenPostAsync<NextStep.Password>(tx);
        if (at is null)
            return elsewhere!;
        string? userName = Request.Form["userName"], password = Request.Form["password"];
        if (string.IsNullOrWhiteSpace(userName) || string.IsNullOrEmpty(password))
            return Draw(at, userName, Problem.MissingField);

        try
        {
            return await step.TryAsync(userName, password, HttpContext.Connection.RemoteIpAddress, HttpContext.RequestAborted, trust.ShowsAny(HttpContext) ? OwnOfAsync : null, forget: false) switch
            {
                PasswordOutcome.Right right => await AdvanceAsync(at, right),
                PasswordOutcome.TooMany tooMany => Draw(at, userName, Problem.TooManyTries(Minutes.Of(tooMany.RetryAfter))),
                _ => Draw(at, userName, Problem.WrongPassword),
            };
        }
        catch (BusyException)
        {
            Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            Response.Headers.RetryAfter = "2";
            return Draw(at, userName, Problem.Busy);
        }
    }

    private Task<string?> OwnOfAsync(string userId) => trust.OwnAsync(HttpContext, userId, HttpContext.RequestAborted);

    // Another person's proofs do not become this one's: whatever was proven in this sign-in before the password is dropped with the old name. So is what another
    // browser proved since this one opened the page: who knows the password may wait for its owner's second factor.
    private async Task<IActionResult> AdvanceAsync(SignInAt at, PasswordOutcome.Right right)
    {
        var cancel = HttpContext.RequestAborted;
        var owner = cookies.NewOwner(HttpContext, at.Progress.Id);
        bool Continues(SignInProgress kept) => kept.UserId == right.UserId && kept.Proofs.Epoch == right.Epoch && kept.SameOwnerAs(at.Progress);
        SignInProgress With(SignInProgress kept) => kept with
        {
            UserId = right.UserId,
            Proofs = (Continues(kept) ? kept.Proofs : Proofs.None) with { PasswordAt = right.At, Epoch = right.Epoch, BindingPutOff = null },
            Counted = null,
            Trouble = null,
            TrustThisBrowser = Continues(kept) && kept.TrustThisBrowser,
            OwnerHash = Handles.Hash(owner),
        };

        // Where the password was all that was wanted, its counters are forgotten in the commit of the session; who has more steps to take may stop at one.
        // Not on a trusted device: who begins a session on one holds the device's row before its counter, who changes the password the other way round.
        var next = await desk.NextAsync(HttpContext, at.Request, With(at.Progress));
        var ends = next is NextStep.Finish { Who.SparedBy: null };
        var changed = await signIns.ChangeAsync(at.Kept, kept => kept.Finishing ? null : With(kept) with { Counted = ends ? right.Counted : null }, cancel, takesOver: true);
        if (!ends || !changed)
            await limits.SucceededAsync(right.Counted, cancel);
        // From here on it is kept under its id alone.
        if (changed && next is NextStep.Verify second)
            await question.AskAsync(HttpContext, at, right.UserId, second, wanted: null);
        return PageSteps.SeeOther(SignInDesk.ContinuePath(at.Progress.Id));
    }

    private PageResult Draw(SignInAt at, string? userName, Problem? problem)
    {
        HttpContext.LeadsTo(at.Request.Target.RedirectUri);
        View = new PasswordView(SignInDesk.CardOf(at.Request), at.Tx, this.CsrfToken(), userName, problem, UserNameFixed: false);
        return Page();
    }
}
