using IdP.Server.Accounts;
using IdP.Server.Hosting;
using IdP.Server.SignIn;
using IdP.Server.StepUp;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.Settings;

/// <summary>
/// J-37: the current password and the new one, after a second factor where one is bound. Every other session ends, and what apps were given in any; this one goes on
/// under a new handle, with the password proven just now.
/// </summary>
internal sealed class ChangePasswordPage(PasswordStep step, Users users, Passwords passwords, RecentProof proofs, SettingsDesk desk, IdpOptions options) : PageModel
{
    public PasswordChangeView View { get; private set; } = null!;

    public async Task<IActionResult> OnGetAsync(string? done)
    {
        var (visit, elsewhere) = await this.EnterAsync();
        if (visit is null)
            return elsewhere!;
        if (done is null && NeedsFactor(visit) && await this.MustProveAsync(visit, GuardedAction.Password) is { } prove)
            return prove;
        return Draw(visit, null, SettingsTexts.Done(done));
    }

    // Passwords are read here and not bound: the framework would write bound arguments into a log at Trace (I-7).
    public async Task<IActionResult> OnPostAsync()
    {
        var (visit, elsewhere) = await this.EnterPostAsync();
        if (visit is null)
            return elsewhere!;
        if (NeedsFactor(visit) && await this.MustProveAsync(visit, GuardedAction.Password) is { } prove)
            return prove;
        string? current = Request.Form["password"], fresh = Request.Form["newPassword"], again = Request.Form["again"];
        if (string.IsNullOrEmpty(current) || string.IsNullOrEmpty(fresh))
            return Draw(visit, Problem.MissingField);
        if (fresh != again)
            return Draw(visit, Problem.PasswordsDiffer);
        if (PasswordPolicy.Check(fresh, options.SignIn.MinimumPasswordLength, visit.Person) is { } weak)
            return Draw(visit, Problem.WeakPassword(weak, options.SignIn.MinimumPasswordLength));

        try
        {
            switch (await step.TryAsync(visit.Person.UserName, current, HttpContext.Connection.RemoteIpAddress, HttpContext.RequestAborted, _ => Task.FromResult(visit.Asker.DeviceId)))
            {
                case PasswordOutcome.Right right when right.UserId == visit.Person.Id:
                    return await ChangeAsync(visit, fresh);
                case PasswordOutcome.TooMany tooMany:
                    return Draw(visit, Problem.TooManyTries(Minutes.Of(tooMany.RetryAfter)));
                default:
                    return Draw(visit, Problem.WrongOwnPassword);
            }
        }
        catch (BusyException)
        {
            Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            Response.Headers.RetryAfter = "2";
            return Draw(visit, Problem.Busy);
        }
    }

    private async Task<IActionResult> ChangeAsync(Visit visit, string fresh)
    {
        var cancel = HttpContext.RequestAborted;
        // The hash first: when too many wait for one, the proof is still there for the next try.
        var secret = await passwords.HashAsync(visit.Person.Id, fresh, cancel, HashFor.Of(visit.Person.UserName, HttpContext.Connection.RemoteIpAddress));
        if (NeedsFactor(visit) && !await proofs.TakeAsync(visit.Asker, GuardedAction.Password, cancel))
            return PageSteps.SeeOther(SettingsSteps.ConfirmPath(GuardedAction.Password));
        // This session was ended elsewhere meanwhile: whoever did that has the last word.
        if (!await users.SetPasswordAsync(visit.Person.Id, secret, visit.By, visit.Session.Id, cancel))
            return PageSteps.SeeOther("/account");
        if (await users.FindAsync(visit.Person.Id, cancel) is { PasswordChangedAt: { } changedAt, Epoch: var epoch })
            await desk.GoOnAsync(HttpContext, visit, visit.Session.Proofs with { PasswordAt = changedAt }, epoch);
        return PageSteps.SeeOther("/account/password?done=password");
    }

    // Where no factor is bound, the current password in the form is the proof for this action.
    private bool NeedsFactor(Visit visit) => proofs.FactorsOf(visit.Person).Count > 0;

    private PageResult Draw(Visit visit, Problem? problem, string? done = null)
    {
        View = new(visit, problem, done, options.SignIn.MinimumPasswordLength);
        return Page();
    }
}

internal sealed record PasswordChangeView(Visit Visit, Problem? Problem, string? Done, int MinimumLength);
