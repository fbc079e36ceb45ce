using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.SignIn;

internal sealed class VerifyPage : PageModel
{
    public VerifyView View { get; internal set; } = null!;
}
