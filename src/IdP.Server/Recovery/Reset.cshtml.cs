using IdP.Server.Accounts;
using IdP.Server.DeviceTrust;
using IdP.Server.Factors;
using IdP.Server.Hosting;
using IdP.Server.SignIn;
using IdP.Server.StepUp;
using IdP.Server.Storage;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.Recovery;

/// <summary>
/// The link to a new password (J-16). Where a second factor is bound it is asked for first: whoever reads the mail has one of two things.
/// The proof is a <see cref="RecentProof"/> made for this link in this browser, used with it.
/// </summary>
internal sealed class ResetPage(
    OneTimeLinks links, Database database, Users users, Passwords passwords, RecentProof proofs, SecondFactors factors, BrowserTrust trust, SessionEnding ending,
    Csrf csrf, IdpCookies cookies, IdpOptions options, TimeProvider clock) : PageModel
{
    private static readonly GuardedAction Action = new("password-reset");

    public ResetView View { get; private set; } = null!;

    public async Task<IActionResult> OnGetAsync(string? token, string? with, string? after, string? done)
    {
        if (done == "yes")
        {
            View = new("", "", null, null, OtherWays.None, null, options.SignIn.MinimumPasswordLength, Done: true);
            return Page();
        }

        return await OpenAsync(token, cookies.EnsureBrowserHandle(HttpContext)) is { } at ? await DrawAsync(at, with, null, Asking.Look, after == "not-me") : this.LinkOver();
    }

    // Passwords are read here and not bound: the framework would write bound arguments into a log at Trace (I-7).
    public Task<IActionResult> OnPostAsync(string? token, string? with) => PostAsync(token, async at =>
    {
        string? fresh = Request.Form["newPassword"], again = Request.Form["again"];
        if (!await MayAsync(at))
            return fresh is not null && Answers.Read(Request.Form) is null ? await DrawAsync(at, with, Problem.ProofOver) : await TryAnswerAsync(at, with);
        if (string.IsNullOrEmpty(fresh))
            return await DrawAsync(at, null, fresh is null ? null : Problem.MissingField);
        if (fresh != again)
            return await DrawAsync(at, null, Problem.PasswordsDiffer);
        if (PasswordPolicy.Check(fresh, options.SignIn.MinimumPasswordLength, at.Person) is { } weak)
            return await DrawAsync(at, null, Problem.WeakPassword(weak, options.SignIn.MinimumPasswordLength));
        return await SetAsync(at, fresh);
    });

    /// <summary>Another code, please.</summary>
    public Task<IActionResult> OnPostAgainAsync(string? token, string? with) => PostAsync(token, at => DrawAsync(at, with, null, Asking.Again));

    private async Task<IActionResult> PostAsync(string? token, Func<ResetAt, Task<IActionResult>> work)
    {
        if (csrf.Check(HttpContext, await PostedForm.ReadAsync(HttpContext)) is not { } handle)
            return PageSteps.Calm("session_expired");
        return await OpenAsync(token, handle) is { } at ? await work(at) : this.LinkOver();
    }

    private async Task<ResetAt?> OpenAsync(string? token, string browserHandle)
    {
        if (await links.FindAsync(PasswordReset.Purpose, token, HttpContext.RequestAborted) is not { } link
            || Stored.Read(link.About, ResetJson.Default.ResetVia) is not { } via
            || await users.FindAsync(link.UserId, HttpContext.RequestAborted) is not { Disabled: false } person)
            return null;
        // Sent to a backup address that was taken away since: whoever reads mail there has no part in this account any more.
        if (via.Binding is not null && !person.HasBinding(via.Binding))
            return null;
        // The link in this browser stands where a session stands in the settings: what was asked or proven for another link, or where somebody else (a mail scanner)
        // opened this one, is nothing here, and takes nothing away from here.
        var browser = Handles.Hash(browserHandle);
        // Whoever holds a living link reads the person's mail: their tries are not those of strangers.
        var own = await trust.OwnAsync(HttpContext, person.Id, HttpContext.RequestAborted) ?? GuessLimits.AfterReset(person.Id);
        var asker = new Asker(person, $"reset-{Convert.ToHexString(link.Hash)}-{Convert.ToHexString(browser)}", browser, Circumstances.Of(HttpContext), own);
        return new(link, token!, person, via.Factor, asker, csrf.TokenFor(browserHandle));
    }

    private async Task<bool> MayAsync(ResetAt at) =>
        proofs.FactorsOf(at.Person).Count == 0 || await proofs.IsThereAsync(at.Asker, Action, HttpContext.RequestAborted);

    private async Task<IActionResult> TryAnswerAsync(ResetAt at, string? with)
    {
        if (Answers.Read(Request.Form) is not { } answer)
            return await DrawAsync(at, with, Problem.MissingField);
        var outcome = await proofs.AnswerAsync(at.Asker, Action, answer, HttpContext.RequestAborted);
        return outcome is StepUpOutcome.Passed ? PageSteps.SeeOther("/reset?token=" + at.Token)
            : await DrawAsync(at, with, Problem.Of(outcome, answer), outcome is StepUpOutcome.Denied ? Asking.Look : Asking.Ask);
    }

    // The hash first: it may be refused, and a crash after it costs nothing. Then the proof, and after it link and password, both or neither.
    private async Task<IActionResult> SetAsync(ResetAt at, string fresh)
    {
        var cancel = HttpContext.RequestAborted;
        byte[] secret;
        try
        {
            secret = await passwords.HashAsync(at.Person.Id, fresh, cancel, HashFor.Of(at.Person.UserName, HttpContext.Connection.RemoteIpAddress));
        }
        catch (BusyException)
        {
            Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            Response.Headers.RetryAfter = "2";
            return await DrawAsync(at, null, Problem.Busy);
        }

        var proven = proofs.FactorsOf(at.Person).Count > 0;
        if (proven && !await proofs.TakeAsync(at.Asker, Action, cancel))
            return await DrawAsync(at, null, Problem.ProofOver);
        var by = By.Person(HttpContext, at.Person.Id, null);
        string? bucket = null;
        var outcome = await database.TransactAsync(async lane =>
        {
            await Users.HoldAsync(lane, at.Person.Id, cancel);
            // What this server remembers may be seconds old; a factor bound since then is asked for.
            if (!proven && await FactorBindings.CountAsync(lane, at.Person.Id, cancel) > 0)
                return SetOutcome.MustProve;
            if (!await links.TakeAsync(lane, at.Link, cancel) || !await users.SetPasswordAsync(lane, at.Person.Id, secret, by, exceptSid: null, cancel))
                return SetOutcome.LinkUsed;
            bucket = await trust.ResetHereAsync(lane, at.Person.Id, cancel);
            return SetOutcome.Set;
        }, cancel);
        if (outcome == SetOutcome.Set && bucket is not null)
            trust.KeepReset(HttpContext, bucket);
        users.Forget(at.Person.Id);
        await ending.TellAsync(cancel);
        return outcome switch
        {
            SetOutcome.Set => PageSteps.SeeOther("/reset?done=yes"),
            SetOutcome.MustProve => PageSteps.SeeOther("/reset?token=" + at.Token),
            _ => this.LinkOver(),
        };
    }

    private async Task<IActionResult> DrawAsync(ResetAt at, string? with, Problem? problem, Asking asking = Asking.Ask, bool afterNotMe = false)
    {
        if (await MayAsync(at))
        {
            View = new(at.Token, at.Csrf, at.Person.UserName, null, OtherWays.None, problem, options.SignIn.MinimumPasswordLength, AfterNotMe: afterNotMe);
            return Page();
        }

        var usable = factors.Askable(proofs.FactorsOf(at.Person).Where(way => FactorIds.KindOf(way) != at.SentTo));
        if (usable.Length == 0)
            return PageSteps.Calm(at.SentTo is null ? "no_second_step" : "no_other_step");
        var chosen = with is not null && usable.Contains(with) ? with : await proofs.PreferAsync(at.Asker, Action, usable, HttpContext.RequestAborted);
        var start = await proofs.ChallengeAsync(at.Asker, Action, chosen, asking, HttpContext.RequestAborted);
        View = new(at.Token, at.Csrf, at.Person.UserName, PromptView.Of(factors.Find(chosen)!.Info, start, problem is not null, clock.GetUtcNow()),
            OtherWays.Than(chosen, usable, factors), problem, options.SignIn.MinimumPasswordLength, AfterNotMe: afterNotMe);
        return Page();
    }

    private enum SetOutcome
    {
        Set,
        /// <summary>A factor is bound, and was not asked for.</summary>
        MustProve,
        LinkUsed,
    }

    /// <param name="SentTo">The kind whose address got the link: it proves nothing here that the link does not.</param>
    private sealed record ResetAt(OneTimeLink Link, string Token, UserRecord Person, string? SentTo, Asker Asker, string Csrf);
}

/// <param name="Prompt">Null: the new password is asked.</param>
internal sealed record ResetView(
    string Token, string Csrf, string? UserName, PromptView? Prompt, OtherWays Others, Problem? Problem, int MinimumLength, bool Done = false, bool AfterNotMe = false)
{
    /// <summary>Records print their members; the token must not be (I-7).</summary>
    public override string ToString() => "reset";
}
