using IdP.Server.Accounts;
using IdP.Server.Hosting;
using IdP.Server.SignIn;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.Recovery;

/// <summary>The link in a notice. Opening it does nothing: mail scanners open links too.</summary>
internal sealed class NotMePage(Disowning disowning, Csrf csrf) : PageModel
{
    public string Token { get; private set; } = "";

    public string CsrfField { get; private set; } = "";

    public async Task<IActionResult> OnGetAsync(string? token)
    {
        if (!await disowning.IsGoodAsync(token, HttpContext.RequestAborted))
            return this.LinkOver();
        (Token, CsrfField) = (token!, this.CsrfToken());
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(string? token)
    {
        if (csrf.Check(HttpContext, await PostedForm.ReadAsync(HttpContext)) is null)
            return PageSteps.Calm("session_expired");
        return await disowning.DisownAsync(token, By.Person(HttpContext, "not-me-link", null), HttpContext.RequestAborted) switch
        {
            DisownOutcome.Done done => PageSteps.SeeOther("/reset?after=not-me&token=" + done.Token),
            DisownOutcome.AskOperator => PageSteps.Calm("ask_operator"),
            _ => this.LinkOver(),
        };
    }
}
