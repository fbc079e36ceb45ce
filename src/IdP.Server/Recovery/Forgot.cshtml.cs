using IdP.Server.Hosting;
using IdP.Server.SignIn;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.Recovery;

/// <summary>J-16: a name, and the same answer for any.</summary>
internal sealed class ForgotPage(Forgetting forgetting, Csrf csrf) : PageModel
{
    private const int LongestName = 256;

    public string CsrfField { get; private set; } = "";

    public Problem? Problem { get; private set; }

    public bool Asked { get; private set; }

    public IActionResult OnGet(string? done)
    {
        if (!forgetting.Available)
            return NotFound();
        (CsrfField, Asked) = (this.CsrfToken(), done == "asked");
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
            return Draw(Problem.MissingField);
        return await forgetting.AskAsync(name, HttpContext.Connection.RemoteIpAddress, Circumstances.Of(HttpContext))
            ? PageSteps.SeeOther("/forgot?done=asked")
            : Draw(Problem.TooManyTries(10));
    }

    private PageResult Draw(Problem problem)
    {
        (CsrfField, Problem) = (this.CsrfToken(), problem);
        return Page();
    }
}
