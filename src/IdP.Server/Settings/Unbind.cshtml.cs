using IdP.Server.Factors;
using IdP.Server.SignIn;
using IdP.Server.StepUp;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.Settings;

/// <summary>Takes a factor away, after a fresh proof and a last look.</summary>
internal sealed class UnbindPage(SecondFactors factors, FactorBindings bindings, RecentProof proofs) : PageModel
{
    public UnbindView View { get; private set; } = null!;

    public async Task<IActionResult> OnGetAsync(string? id)
    {
        var (visit, elsewhere) = await this.EnterAsync();
        if (visit is null)
            return elsewhere!;
        if (await FindAsync(visit, id) is not { } binding)
            return this.Unknown();
        if (await this.MustProveAsync(visit, GuardedAction.Unbind(binding.Id)) is { } prove)
            return prove;
        var factor = factors.Find(binding.Factor)!;
        View = new(visit, binding.Id, factor.Info.Name, factor.Describe(binding), IsLast: visit.Person.BoundFactors.All(other => other == binding.Factor || factors.Find(other)!.Info.IsFallback));
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(string? id)
    {
        var (visit, elsewhere) = await this.EnterPostAsync();
        if (visit is null)
            return elsewhere!;
        if (await FindAsync(visit, id) is not { } binding)
            return this.Unknown();
        if (!await proofs.TakeAsync(visit.Asker, GuardedAction.Unbind(binding.Id), HttpContext.RequestAborted))
            return PageSteps.SeeOther(SettingsSteps.ConfirmPath(GuardedAction.Unbind(binding.Id)));
        await bindings.RemoveAsync(visit.Person.Id, binding.Id, visit.By, HttpContext.RequestAborted);
        return PageSteps.SeeOther("/account/two-step?done=unbound");
    }

    private async Task<FactorBinding?> FindAsync(Visit visit, string? id) =>
        id is { Length: < 50 } && await bindings.FindAsync(visit.Person.Id, id, HttpContext.RequestAborted) is { } binding && factors.Find(binding.Factor) is not null ? binding : null;
}

/// <param name="IsLast">Afterwards the password alone is enough.</param>
internal sealed record UnbindView(Visit Visit, string Id, string Name, string? Detail, bool IsLast);
