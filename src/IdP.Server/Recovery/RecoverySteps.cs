using IdP.Server.Hosting;
using IdP.Server.SignIn;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.Recovery;

/// <summary>What the pages behind mailed links have in common.</summary>
internal static class RecoverySteps
{
    /// <summary>The link is used or too old; a new one can be asked for where this server sends mail.</summary>
    public static IActionResult LinkOver(this PageModel page) => PageSteps.Calm(
        "link_used", page.HttpContext.RequestServices.GetRequiredService<Forgetting>().Available ? new("/forgot", RecoveryTexts.AskAnew) : null);
}
