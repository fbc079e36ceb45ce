using IdP.Server.Factors;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.Settings;

/// <summary><c>/account</c>: what there is, and how safe it is.</summary>
internal sealed class OverviewPage(SecondFactors factors) : PageModel
{
    public Visit Visit { get; private set; } = null!;

    public IReadOnlyList<string> Bound { get; private set; } = [];

    public async Task<IActionResult> OnGetAsync()
    {
        var (visit, elsewhere) = await this.EnterAsync();
        if (visit is null)
            return elsewhere!;
        Visit = visit;
        Bound = [.. visit.Person.BoundFactors.Select(factors.FindKind).Where(kind => kind is { Kind.IsFallback: false }).Select(kind => kind!.Kind.Name)];
        return Page();
    }
}
