using IdP.Server.Accounts;
using IdP.Server.Hosting;
using IdP.Server.SignIn;
using IdP.Server.Storage;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.Settings;

/// <summary>Personal data: what apps are told. The name and the language are the person's to change; the user name is the operator's.</summary>
internal sealed class ProfilePage(Users users) : PageModel
{
    private const int LongestName = 200;

    public Visit Visit { get; private set; } = null!;

    public string? Done { get; private set; }

    public async Task<IActionResult> OnGetAsync(string? done)
    {
        var (visit, elsewhere) = await this.EnterAsync();
        if (visit is null)
            return elsewhere!;
        Visit = visit;
        Done = SettingsTexts.Done(done);
        return Page();
    }

    public async Task<IActionResult> OnPostAsync()
    {
        var (visit, elsewhere) = await this.EnterPostAsync();
        if (visit is null)
            return elsewhere!;
        var name = string.Concat(Request.Form["name"].ToString().Where(c => !char.IsControl(c))).Trim();
        var locale = Request.Form["locale"].ToString();
        await users.SetProfileAsync(visit.Person.Id, name.Length == 0 ? null : name.Storable(LongestName), Languages.All.Any(language => language.Tag == locale) ? locale : null,
            visit.By, HttpContext.RequestAborted);
        return PageSteps.SeeOther("/account/profile?done=profile");
    }
}
