using IdP.Server.Accounts;
using IdP.Server.Hosting;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.SignIn;

/// <summary>The first administrator makes their account here, by the one-time link that the first start prints.</summary>
internal sealed class SetupPage(FirstAdministrator setup, IdpOptions options, Csrf csrf) : PageModel
{
    public SetupView View { get; internal set; } = null!;

    public async Task<IActionResult> OnGetAsync(string? token) =>
        await setup.CheckAsync(token, HttpContext.RequestAborted) ? Draw(token!, null, null, null) : PageSteps.Calm("link_used");

    public async Task<IActionResult> OnPostAsync(string? token, string? userName, string? email, string? password)
    {
        var cancel = HttpContext.RequestAborted;
        if (csrf.Check(HttpContext, await PostedForm.ReadAsync(HttpContext)) is null)
            return PageSteps.Calm("session_expired");
        if (!await setup.CheckAsync(token, cancel))
            return PageSteps.Calm("link_used");
        if (string.IsNullOrWhiteSpace(userName) || string.IsNullOrEmpty(password))
            return Draw(token!, userName, email, Problem.MissingField);

        return await setup.CreateAsync(token!, userName, email, password, cancel) switch
        {
            SetupOutcome.Created => Draw(token!, userName, email, null, done: true),
            SetupOutcome.NameTaken => Draw(token!, userName, email, Problem.NameTaken),
            SetupOutcome.Refused { Faults: [var first, ..] } => Draw(token!, userName, email, ProblemOf(first)),
            _ => PageSteps.Calm("link_used"),
        };
    }

    private Problem ProblemOf(string fault) =>
        fault.StartsWith("email", StringComparison.Ordinal) ? Problem.BadEmail
        : fault.StartsWith("password", StringComparison.Ordinal) ? Problem.PasswordTooShort(options.SignIn.MinimumPasswordLength)
        : Problem.MissingField;

    private PageResult Draw(string token, string? userName, string? email, Problem? problem, bool done = false)
    {
        View = new SetupView(token, this.CsrfToken(), userName, email, problem, options.SignIn.MinimumPasswordLength, done);
        return Page();
    }
}
