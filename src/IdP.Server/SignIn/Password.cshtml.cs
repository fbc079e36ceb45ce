using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.SignIn;

internal sealed class PasswordPage : PageModel
{
    public PasswordView View { get; internal set; } = null!;
}
