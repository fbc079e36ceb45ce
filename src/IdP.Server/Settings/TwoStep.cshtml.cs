using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.SignIn;
using IdP.Server.StepUp;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdP.Server.Settings;

/// <summary>J-20: every factor this server has, with its state and what can be done about it.</summary>
internal sealed class TwoStepPage(SecondFactors factors, Enrolments enrolments, FactorBindings bindings, Users users) : PageModel
{
    public Visit Visit { get; private set; } = null!;

    public IReadOnlyList<FactorRow> Rows { get; private set; } = [];

    /// <summary>Those that may be asked for first; a choice only where there are two.</summary>
    public IReadOnlyList<FactorKind> Choices { get; private set; } = [];

    public string? Done { get; private set; }

    /// <param name="factor">The one that something was done with.</param>
    public static string DonePath(string done, string factor) => $"/account/two-step?done={done}&factor={factor}";

    public async Task<IActionResult> OnGetAsync(string? done, string? factor)
    {
        var (visit, elsewhere) = await this.EnterAsync();
        if (visit is null)
            return elsewhere!;
        Visit = visit;
        Done = factor is not null && factors.FindKind(factor) is { Kind: var concerned }
            ? SettingsTexts.Done(concerned.IsFallback ? done + "-codes" : done, concerned.Name) : SettingsTexts.Done(done);
        var bound = await bindings.ListAsync(visit.Person.Id, HttpContext.RequestAborted);
        Rows = [.. factors.Kinds.Select(kind => Row(kind, bound)).Where(row => row.Bindings.Count > 0 || row.MayChange)];
        Choices = [.. factors.Kinds.Select(kind => kind.Kind).Where(kind => !kind.IsFallback && bound.Exists(binding => binding.Factor == kind.Id))];
        return Page();
    }

    /// <summary>Which factor to be asked for first. No guard: it neither adds nor removes a way in.</summary>
    public async Task<IActionResult> OnPostPreferAsync()
    {
        var (visit, elsewhere) = await this.EnterPostAsync();
        if (visit is null)
            return elsewhere!;
        string? wished = Request.Form["factor"];
        if (!string.IsNullOrEmpty(wished) && !visit.Person.BoundFactors.Contains(wished))
            return PageSteps.SeeOther("/account/two-step");
        await users.PreferFactorAsync(visit.Person.Id, string.IsNullOrEmpty(wished) ? null : wished, visit.By, HttpContext.RequestAborted);
        return PageSteps.SeeOther(string.IsNullOrEmpty(wished) ? "/account/two-step?done=last-used" : DonePath("preferred", wished));
    }

    private FactorRow Row(IEnrolment kind, List<FactorBinding> bound)
    {
        var mine = bound.FindAll(binding => binding.Factor == kind.Kind.Id);
        // What cannot be bound here any more is shown to whoever has it, to be unbound.
        var enrolment = enrolments.Find(kind.Kind.Id);
        var may = enrolment is not null && (mine.Count == 0 || enrolment.Several);
        // What stands in for a factor needs one to stand in for.
        var lacks = kind.Kind.IsFallback && bound.TrueForAll(binding => factors.FindKind(binding.Factor) is null or { Kind.IsFallback: true });
        return new(
            kind.Kind,
            [.. mine.Select(binding => new BindingLine(binding.Id, kind.Describe(binding), kind.Warn(binding), binding.CreatedAt, binding.LastUsedAt))],
            may && !lacks, enrolment is not null);
    }
}

/// <param name="MayBind">One, or one more.</param>
/// <param name="MayChange">It can be bound on this server.</param>
internal sealed record FactorRow(FactorKind Kind, IReadOnlyList<BindingLine> Bindings, bool MayBind, bool MayChange);

internal sealed record BindingLine(string Id, string? Detail, string? Warning, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt);
