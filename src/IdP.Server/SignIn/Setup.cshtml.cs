using IdP.Server.Accounts;
using IdP.Server.Hosting;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.SignIn;

/// <summary>The first administrator makes their account here, by the one-time link that the first start prints.</summary>
internal sealed class SetupPage(FirstAdministrator setup, IdpOptions options, Csrf csrf) : PageModel
{
    public SetupView View { get; internal set; } = null!;

    public async Task<IActionResult> OnGetAsync() =>
        Token is var token && await setup.CheckAsync(token, HttpContext.RequestAborted) ? Draw(token!, null, null, null) : PageSteps.Calm("setup_used");

    public async Task<IActionResult> OnPostAsync()
    {
        var cancel = HttpContext.RequestAborted;
        var token = Token;
        if (csrf.Check(HttpContext, await PostedForm.ReadAsync(HttpContext)) is null)
            return PageSteps.Calm("session_expired");
        if (!await setup.CheckAsync(token, cancel))
            return PageSteps.Calm("setup_used");
        string? userName = Request.Form["userName"], email = Request.Form["email"], password = Request.Form["password"];
        if (string.IsNullOrWhiteSpace(userName) || string.IsNullOrEmpty(password))
            return Draw(token!, userName, email, Problem.MissingField);

        return await setup.CreateAsync(token!, userName, email, password, cancel) switch
        {
            SetupOutcome.Created => Draw(token!, userName, email, null, done: true),
            SetupOutcome.NameTaken => Draw(token!, userName, email, Problem.NameTaken),
            SetupOutcome.WeakPassword(var fault) => Draw(token!, userName, email, Problem.WeakPassword(fault, options.SignIn.MinimumPasswordLength)),
            SetupOutcome.Refused { Faults: [var first, ..] } => Draw(token!, userName, email, ProblemOf(first)),
            _ => PageSteps.Calm("setup_used"),
        };
    }

    // Read here and not bound: the framework would write bound arguments into a log at Trace (I-7).
    private string? Token => Request.Query["token"];

    private static Problem ProblemOf(string fault) => fault.StartsWith("email", StringComparison.Ordinal) ? Problem.BadEmail : Problem.MissingField;

    private PageResult Draw(string token, string? userName, string? email, Problem? problem, bool done = false)
    {
        View = new SetupView(token, this.CsrfToken(), userName, email, problem, options.SignIn.MinimumPasswordLength, done);
        return Page();
    }
}
