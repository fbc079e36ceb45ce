using IdP.Server.DeviceTrust;
using IdP.Server.SignIn;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.Settings;

/// <summary>J-35: the browsers that skip the second step. Taking trust back needs no proof: it only makes things safer.</summary>
internal sealed class DevicesPage(TrustedDevices devices, BrowserTrust trust) : PageModel
{
    public Visit Visit { get; private set; } = null!;

    public IReadOnlyList<TrustedDeviceView> Devices { get; private set; } = [];

    public int Days => devices.Life.Days;

    public string? Done { get; private set; }

    public async Task<IActionResult> OnGetAsync(string? done)
    {
        var (visit, elsewhere) = await this.EnterAsync();
        if (visit is null)
            return elsewhere!;
        Visit = visit;
        Done = SettingsTexts.Done(done);
        Devices = await devices.ListAsync(visit.Person.Id, trust.ShownBy(HttpContext, visit.Person.Id), HttpContext.RequestAborted);
        return Page();
    }

    public Task<IActionResult> OnPostRemoveAsync() => PostAsync(async visit =>
    {
        string? id = Request.Form["id"];
        return id is not null && await devices.RemoveAsync(visit.Person.Id, id, visit.By, HttpContext.RequestAborted);
    });

    public Task<IActionResult> OnPostAllAsync() => PostAsync(async visit =>
    {
        await devices.RemoveAllAsync(visit.Person.Id, visit.By, HttpContext.RequestAborted);
        return true;
    });

    private async Task<IActionResult> PostAsync(Func<Visit, Task<bool>> work)
    {
        var (visit, elsewhere) = await this.EnterPostAsync();
        if (visit is null)
            return elsewhere!;
        return await work(visit) ? PageSteps.SeeOther("/account/devices?done=devices") : this.Unknown();
    }
}
