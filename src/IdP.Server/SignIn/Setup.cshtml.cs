using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.SignIn;

internal sealed class SetupPage : PageModel
{
    public SetupView View { get; internal set; } = null!;
}
