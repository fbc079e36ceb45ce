using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.SignIn;

internal sealed class ConsentPage : PageModel
{
    public ConsentView View { get; internal set; } = null!;
}
