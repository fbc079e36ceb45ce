using IdP.Server.Hosting;
using IdP.Server.SignIn;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.Recovery;

/// <summary>J-16: a name, and the same answer for any.</summary>
internal sealed class ForgotPage(Forgetting forgetting, WayBack wayBack, Csrf csrf) : PageModel
{
    private const int LongestName = 256;

    public string CsrfField { get; private set; } = "";

    public Problem? Problem { get; private set; }

    public bool Asked { get; private set; }

    /// <summary>The sign-in that the person left for this page is still there.</summary>
    public WayOn Back { get; private set; } = null!;

    public async Task<IActionResult> OnGetAsync(string? done)
    {
        if (!forgetting.Available)
            return NotFound();
        (CsrfField, Asked, Back) = (this.CsrfToken(), done == "asked", await wayBack.FindAsync(HttpContext));
        return Page();
    }

    public async Task<IActionResult> OnPostAsync()
    {
        if (!forgetting.Available)
            return NotFound();
        if (csrf.Check(HttpContext, await PostedForm.ReadAsync(HttpContext)) is null)
            return PageSteps.Calm("session_expired");
        string? name = Request.Form["userName"];
        if (string.IsNullOrWhiteSpace(name) || name.Length > LongestName)
            return await DrawAsync(Problem.MissingField);
        return await forgetting.AskAsync(name, HttpContext.Connection.RemoteIpAddress, Circumstances.Of(HttpContext))
            ? PageSteps.SeeOther("/forgot?done=asked")
            : await DrawAsync(Problem.TooManyTries(10));
    }

    private async Task<PageResult> DrawAsync(Problem problem)
    {
        (CsrfField, Problem, Back) = (this.CsrfToken(), problem, await wayBack.FindAsync(HttpContext));
        return Page();
    }
}
