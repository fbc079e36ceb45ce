using Xunit.v3;

namespace IdP.Server.Tests.Support;

/// <summary>Runs with <c>tests/run.sh --all</c> only: what it repeats is proven by the default run on the other pair of stores.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class ThoroughAttribute : Attribute, ITraitAttribute
{
    public const string Name = "Run";
    public const string Value = "all";

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new(Name, Value)];
}
