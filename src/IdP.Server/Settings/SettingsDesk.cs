using IdP.Server.Accounts;
using IdP.Server.DeviceTrust;
using IdP.Server.Hosting;
using IdP.Server.SignIn;
using IdP.Server.StepUp;
using IdP.Server.Storage;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.Settings;

/// <summary>A person at their own pages: who, in which session, asking from which browser.</summary>
internal sealed record Visit(UserRecord Person, Session Session, Asker Asker, By By, string Csrf);

/// <summary>Where every page of the settings begins: whether this browser's session is enough is the decider's word, as for any app.</summary>
internal sealed class SettingsDesk(
    SignInDesk desk, AccountClient client, Sessions sessions, BrowserTrust trust, IdpCookies cookies, Csrf csrf, TimeProvider clock)
{
    public async Task<Visit?> FindAsync(HttpContext http, string browserHandle)
    {
        var situation = await desk.LookAsync(http, client.Request(), null);
        if (situation is not { Session: { } session, Person: { } person } || SignInFlow.Next(situation) is not NextStep.Finish { Who: var who })
            return null;
        // A trusted device that spares this session a step rotates its secret and answers for the session first, as at any app: by the front door.
        if (who.SparedBy is { } device && device != session.DeviceId
            && (await sessions.FindFreshAsync(cookies.SessionHandle(http), http.RequestAborted))?.DeviceId != device)
            return null;
        var own = await trust.OwnAsync(http, person.Id, http.RequestAborted);
        var asker = new Asker(person, session.Id, Handles.Hash(browserHandle), Circumstances.Of(http), own);
        return new Visit(person, session, asker, By.Person(http, person.Id, session.Id), csrf.TokenFor(browserHandle));
    }

    /// <summary>
    /// This session goes on with what was really proven on the page, under a new handle: whoever held the old one holds nothing (ASVS 7.2.4).
    /// Where it has ended meanwhile nothing is given, and the next page asks to sign in.
    /// </summary>
    /// <param name="epoch">The person's new epoch, where the page has just raised it.</param>
    public async Task GoOnAsync(HttpContext http, Visit visit, Proofs proofs, int? epoch = null)
    {
        if (await sessions.BeginAsync(
                visit.Person.Id, proofs with { Epoch = epoch ?? visit.Session.Epoch }, visit.By.UserAgent, visit.By.Address, visit.Session, http.RequestAborted) is var (_, handle))
            cookies.SetSession(http, handle);
    }

    /// <summary>
    /// A second factor was really done in this session: what a trusted device spared it until now is not asked for when that device goes with the change.
    /// Where the session has proven that binding in that way before, nothing changes, its handle least of all: a double click would lose the new one.
    /// </summary>
    public Task RaiseAsync(HttpContext http, Visit visit, FactorProof proof) => visit.Session.Proofs.Factors.Any(done => done.Binding == proof.Binding && done.Id == proof.Id)
        ? Task.CompletedTask
        : GoOnAsync(http, visit, visit.Session.Proofs.With(proof));

    /// <summary>
    /// A binding went: where it was what this session had proven, the person's own pages stay open all the same. Apps see what is left.
    /// </summary>
    public Task SettleAsync(HttpContext http, Visit visit, string bindingId) => visit.Session.Proofs.Factors.Any(proof => proof.Binding == bindingId)
        ? GoOnAsync(http, visit, visit.Session.Proofs with { SettledAt = visit.Session.Proofs.SettledAt ?? clock.GetUtcNow() })
        : Task.CompletedTask;

    public string SignInPath(string path) => client.SignInPath(path);

    public string? BrowserHandle(HttpContext http) => cookies.BrowserHandle(http);

    public void GiveBrowserHandle(HttpContext http) => cookies.EnsureBrowserHandle(http);
}

/// <summary>What every page of the settings does before its own work; each ends a request that is not this page's.</summary>
internal static class SettingsSteps
{
    public static async Task<(Visit? Visit, IActionResult? Elsewhere)> EnterAsync(this PageModel page)
    {
        var http = page.HttpContext;
        var desk = http.RequestServices.GetRequiredService<SettingsDesk>();
        var here = http.Request.Path + http.Request.QueryString;
        if (desk.BrowserHandle(http) is not { } handle)
        {
            // A session without it can only be one whose cookies were tidied up by hand.
            desk.GiveBrowserHandle(http);
            return (null, PageSteps.SeeOther(AccountClient.Own(here)));
        }

        return await desk.FindAsync(http, handle) is { } visit
            ? (visit, null)
            : (null, PageSteps.SeeOther(desk.SignInPath(AccountClient.Own(here))));
    }

    /// <summary>The same for a post, once its token and origin are good. What was posted without a session is not kept.</summary>
    public static async Task<(Visit? Visit, IActionResult? Elsewhere)> EnterPostAsync(this PageModel page)
    {
        var http = page.HttpContext;
        var csrf = http.RequestServices.GetRequiredService<Csrf>();
        if (csrf.Check(http, await PostedForm.ReadAsync(http)) is not { } handle)
            return (null, PageSteps.Calm("session_expired"));
        return await http.RequestServices.GetRequiredService<SettingsDesk>().FindAsync(http, handle) is { } visit
            ? (visit, null)
            : (null, PageSteps.SeeOther("/account"));
    }

    /// <summary>Null when the proof is there; else the way to give it.</summary>
    public static async Task<IActionResult?> MustProveAsync(this PageModel page, Visit visit, GuardedAction action)
    {
        var proofs = page.HttpContext.RequestServices.GetRequiredService<RecentProof>();
        return await proofs.IsThereAsync(visit.Asker, action, page.HttpContext.RequestAborted) ? null : PageSteps.SeeOther(ConfirmPath(action));
    }

    public static string ConfirmPath(GuardedAction action) => "/account/confirm?action=" + Uri.EscapeDataString(action.Name);

    /// <summary>An id of another person's thing is as unknown as one that never was.</summary>
    public static IActionResult Unknown(this PageModel page) => page.NotFound();
}
