using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Hosting;

namespace IdP.Server.StepUp;

/// <summary>
/// Which bound factors may prove a person before a binding or the password changes. With a factor that this server does not accept for mfa, nobody may bind one that it
/// does: where an accepted factor is bound, only accepted factors and fallbacks (recovery codes) are taken. Where none is bound, any bound factor is taken.
/// </summary>
internal sealed class GuardingFactors(SecondFactors factors, IdpOptions options)
{
    /// <summary>Installed factors that this server accepts for mfa.</summary>
    public IReadOnlyCollection<string> Accepted { get; } =
        [.. factors.Ids.Where(id => options.Acr.AcceptedFactors.Count == 0 || options.Acr.AcceptedFactors.Contains(id))];

    public IReadOnlyCollection<string> Fallbacks { get; } = [.. factors.All.Where(factor => factor.Info.IsFallback).Select(factor => factor.Info.Id)];

    /// <summary>In the order of the bindings; empty only where nothing is bound.</summary>
    public IReadOnlyList<string> Of(UserRecord person) => Among(person.BoundFactors, Accepted, Fallbacks);

    public static IReadOnlyList<string> Among(IReadOnlyList<string> bound, IReadOnlyCollection<string> accepted, IReadOnlyCollection<string> fallbacks) =>
        bound.Any(accepted.Contains) ? [.. bound.Where(factor => accepted.Contains(factor) || fallbacks.Contains(factor))] : bound;
}
