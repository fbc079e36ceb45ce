using IdP.Server.Factors;

namespace IdP.Server.StepUp;

/// <summary>What else a person can be asked: quiet links to the other ways of the present kind, and the other kinds behind 更换验证方式.</summary>
/// <param name="Kinds">Each by its first way; the page of that one leads to the rest.</param>
internal sealed record OtherWays(IReadOnlyList<FactorChoice> SameKind, IReadOnlyList<FactorChoice> Kinds)
{
    public static readonly OtherWays None = new([], []);

    /// <param name="usable">Ways as <see cref="SecondFactors.Askable"/> gives them.</param>
    /// <param name="chosen">The one that is asked now.</param>
    public static OtherWays Than(string chosen, IEnumerable<string> usable, SecondFactors factors)
    {
        var present = factors.Find(chosen)!.Info.Kind;
        var others = usable.Where(id => id != chosen).Select(id => factors.Find(id)!.Info).ToLookup(info => info.Kind.Id == present.Id);
        return new(
            [.. others[true].Select(info => new FactorChoice(info.Id, info.Name))],
            [.. others[false].DistinctBy(info => info.Kind.Id).Select(info => new FactorChoice(info.Id, info.Kind.Name))]);
    }
}

/// <param name="Id">Of the way.</param>
/// <param name="Name">In the person's language.</param>
internal sealed record FactorChoice(string Id, string Name);
