using IdP.Server.Accounts;
using IdP.Server.SignIn;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.Settings;

/// <summary>J-36: where this person is signed in, and which apps hold something; each can be ended.</summary>
internal sealed class SessionsPage(Sessions sessions, Users users, SettingsDesk desk, AppGrants grants) : PageModel
{
    public Visit Visit { get; private set; } = null!;

    public IReadOnlyList<SessionView> Sessions { get; private set; } = [];

    public IReadOnlyList<AppGrant> Apps { get; private set; } = [];

    public string? Done { get; private set; }

    public async Task<IActionResult> OnGetAsync(string? done)
    {
        var (visit, elsewhere) = await this.EnterAsync();
        if (visit is null)
            return elsewhere!;
        Visit = visit;
        Done = SettingsTexts.Done(done);
        Sessions = await sessions.ListAsync(visit.Person.Id, HttpContext.RequestAborted);
        Apps = await grants.ListAsync(visit.Person.Id, HttpContext.RequestAborted);
        return Page();
    }

    /// <summary>Everything that session gave ends too. Another person's is as unknown as one that never was.</summary>
    public Task<IActionResult> OnPostEndAsync() => PostAsync("session-ended", async visit =>
    {
        string? id = Request.Form["id"];
        return id is not null && await sessions.EndFullyAsync(id, visit.Person.Id, HttpContext.RequestAborted);
    });

    public Task<IActionResult> OnPostOthersAsync() => PostAsync("others-ended", async visit =>
    {
        await sessions.EndAllAsync(visit.Person.Id, visit.Session.Id, visit.Person.Id, HttpContext.RequestAborted);
        users.Forget(visit.Person.Id);
        // Under a new handle: whoever holds a copy of the old one is one of the others too, and no node remembers this session at the epoch before.
        if (await users.FindAsync(visit.Person.Id, HttpContext.RequestAborted) is { Epoch: var epoch })
            await desk.GoOnAsync(HttpContext, visit, visit.Session.Proofs, epoch);
        return true;
    });

    public Task<IActionResult> OnPostAppAsync() => PostAsync("app-ended", async visit =>
    {
        string? id = Request.Form["id"];
        if (id is null || (await grants.ListAsync(visit.Person.Id, HttpContext.RequestAborted)).All(app => app.ClientId != id))
            return false;
        await grants.EndAsync(visit.Person.Id, id, visit.By, HttpContext.RequestAborted);
        return true;
    });

    private async Task<IActionResult> PostAsync(string done, Func<Visit, Task<bool>> work)
    {
        var (visit, elsewhere) = await this.EnterPostAsync();
        if (visit is null)
            return elsewhere!;
        return await work(visit) ? PageSteps.SeeOther("/account/sessions?done=" + done) : this.Unknown();
    }
}
