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
    /// <summary>Ways that this server accepts for mfa, and kinds that it accepts whichever way they were proven.</summary>
    public IReadOnlyCollection<string> Accepted { get; } =
    [
        .. factors.Kinds.Select(kind => kind.Kind.Id).Concat(factors.All.Select(way => way.Info.Id)).Distinct()
            .Where(id => FactorIds.Takes(options.Acr.AcceptedFactors, id)),
    ];

    /// <summary>Ways of the kinds that stand in for lost ones.</summary>
    public IReadOnlyCollection<string> Fallbacks { get; } =
        [.. factors.All.Where(way => way.Info.Kind.IsFallback).Select(way => way.Info.Id)];

    /// <summary>Ways, in the order of the bindings; empty only where nothing is bound.</summary>
    public IReadOnlyList<string> Of(UserRecord person) =>
        Among([.. person.BoundFactors.SelectMany(factors.WaysOf)], Accepted, Fallbacks);

    /// <param name="bound">Ways of what is bound.</param>
    public static IReadOnlyList<string> Among(IReadOnlyList<string> bound, IReadOnlyCollection<string> accepted, IReadOnlyCollection<string> fallbacks) =>
        bound.Any(accepted.Contains) ? [.. bound.Where(factor => accepted.Contains(factor) || fallbacks.Contains(factor))] : bound;
}
