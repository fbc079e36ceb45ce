using IdP.Server.Factors;
using IdP.Server.SignIn;
using IdP.Server.StepUp;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.Settings;

/// <summary>Takes a factor away, after a fresh proof and a last look.</summary>
internal sealed class UnbindPage(
    SecondFactors factors, FactorBindings bindings, RecentProof proofs, BindingPolicies policies, SettingsDesk desk) : PageModel
{
    public UnbindView View { get; private set; } = null!;

    public async Task<IActionResult> OnGetAsync(string? id)
    {
        var (visit, elsewhere) = await this.EnterAsync();
        if (visit is null)
            return elsewhere!;
        if (await FindAsync(visit, id) is not { } binding)
            return this.Unknown();
        // No need to prove anything for something that is not to be had.
        if (!await MayGoAsync(visit, binding))
            return Draw(visit, binding, forbidden: true);
        return await this.MustProveAsync(visit, GuardedAction.Unbind(binding.Id)) ?? Draw(visit, binding, forbidden: false);
    }

    public async Task<IActionResult> OnPostAsync(string? id)
    {
        var (visit, elsewhere) = await this.EnterPostAsync();
        if (visit is null)
            return elsewhere!;
        if (await FindAsync(visit, id) is not { } binding)
            return this.Unknown();
        if (!await MayGoAsync(visit, binding))
            return Draw(visit, binding, forbidden: true);
        if (!await proofs.TakeAsync(visit.Asker, GuardedAction.Unbind(binding.Id), HttpContext.RequestAborted))
            return PageSteps.SeeOther(SettingsSteps.ConfirmPath(GuardedAction.Unbind(binding.Id)));
        // Asked once more of what is there at that moment: another may have gone from another tab. One that has gone itself is what was wanted.
        var mayLeave = await MayLeaveAsync(visit, binding);
        if (!await bindings.RemoveAsync(visit.Person.Id, binding.Id, visit.By, HttpContext.RequestAborted, mayLeave) && await FindAsync(visit, id) is not null)
            return Draw(visit, binding, forbidden: true);
        await desk.SettleAsync(HttpContext, visit, binding.Id);
        return PageSteps.SeeOther(TwoStepPage.DonePath(await IsLastAsync(visit) ? "unbound-last" : "unbound", binding.Factor));
    }

    private async Task<bool> IsLastAsync(Visit visit) =>
        (await bindings.ListAsync(visit.Person.Id, HttpContext.RequestAborted)).TrueForAll(left => factors.FindKind(left.Factor) is not { Kind.IsFallback: false });

    private async Task<bool> MayGoAsync(Visit visit, FactorBinding binding)
    {
        var left = (await bindings.ListAsync(visit.Person.Id, HttpContext.RequestAborted)).Where(other => other.Id != binding.Id).Select(other => other.Factor).Distinct();
        return (await MayLeaveAsync(visit, binding))([.. left]);
    }

    // A policy demands a factor, and this is the last that would do (J-27): another first, or this one replaced. What only stands in for others may always go.
    private async Task<Func<IReadOnlyList<string>, bool>> MayLeaveAsync(Visit visit, FactorBinding binding) =>
        factors.FindKind(binding.Factor) is { Kind.IsFallback: true } ? _ => true : await policies.MayLeaveAsync(visit.Person, HttpContext.RequestAborted);

    private PageResult Draw(Visit visit, FactorBinding binding, bool forbidden)
    {
        var kind = factors.FindKind(binding.Factor)!;
        View = new(visit, binding.Id, binding.Factor, kind.Kind.Name, kind.Describe(binding), forbidden, kind.Kind.IsFallback,
            IsLast: visit.Person.BoundFactors.All(other => other == binding.Factor || factors.FindKind(other) is not { Kind.IsFallback: false }));
        return Page();
    }

    private async Task<FactorBinding?> FindAsync(Visit visit, string? id) =>
        id is { Length: < 50 } && await bindings.FindAsync(visit.Person.Id, id, HttpContext.RequestAborted) is { } binding && factors.FindKind(binding.Factor) is not null ? binding : null;
}

/// <param name="Forbidden">A policy demands it.</param>
/// <param name="IsFallback">What stands in for the others; without it they go on as before.</param>
/// <param name="IsLast">Afterwards the password alone is enough.</param>
internal sealed record UnbindView(Visit Visit, string Id, string Factor, string Name, string? Detail, bool Forbidden, bool IsFallback, bool IsLast);
