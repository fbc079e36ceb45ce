using IdP.Server.Hosting;
using IdP.Protocol;
using IdP.Server.Accounts;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.SignIn;

/// <summary>What the app asks for, seen once and remembered.</summary>
internal sealed class ConsentPage(SignIns signIns, Consents consents, IScopes scopes) : PageModel
{
    public ConsentView View { get; internal set; } = null!;

    public async Task<IActionResult> OnGetAsync(string? tx)
    {
        var (at, elsewhere) = await this.OpenAsync<NextStep.Consent>(tx);
        if (at is null)
            return elsewhere!;

        var catalogue = await scopes.GetAsync(HttpContext.RequestAborted);
        HttpContext.LeadsTo(at.Request.Target.RedirectUri);
        View = new ConsentView(
            SignInDesk.CardOf(at.Request), at.Tx, this.CsrfToken(), at.Situation.Person!.UserName,
            [.. at.Request.Scopes.Select(name => new ScopeLine(name, catalogue.Find(name)?.DisplayName, catalogue.Find(name)?.Description))]);
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(string? tx, string? decision)
    {
        var (at, elsewhere) = await this.OpenPostAsync<NextStep.Consent>(tx);
        if (at is null)
            return elsewhere!;
        if (decision == "deny")
            await signIns.ChangeAsync(at.Kept, kept => kept with { Refused = true }, HttpContext.RequestAborted);
        if (decision == "allow")
        {
            var request = at.Request;
            await consents.GiveAsync(at.Situation.Person!.Id, request.Client.ClientId, request.Scopes, HttpContext.RequestAborted);
            await signIns.ChangeAsync(at.Kept, kept => kept with { ConsentedBy = at.Situation.Person!.Id }, HttpContext.RequestAborted);
        }

        return PageSteps.SeeOther(SignInDesk.ContinuePath(at.Tx));
    }
}
