using System.Reflection;
using IdP.Server.Tests.Support;
using Xunit.Sdk;
using Xunit.v3;

namespace IdP.Journeys.Account;

/// <summary>
/// Both languages of a journey that runs on both pairs of stores: English on SQLite and memory, Chinese on PostgreSQL and Redis. The rest of the cross runs with
/// <c>tests/run.sh --all</c>.
/// </summary>
/// <param name="more">The test's further arguments, after the language.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class LanguagesAttribute(params object[] more) : DataAttribute
{
    /// <summary>The language of the default run, where the class runs on one pair alone.</summary>
    public string? First { get; init; }

    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        ArgumentNullException.ThrowIfNull(testMethod);
        var first = First ?? (testMethod.ReflectedType!.Name.EndsWith("_on_SQLite_and_memory", StringComparison.Ordinal) ? "en" : "zh-CN");
        return new([Row("en", always: first == "en"), Row("zh-CN", always: first == "zh-CN")]);
    }

    public override bool SupportsDiscoveryEnumeration() => true;

    private TheoryDataRow Row(string language, bool always)
    {
        var row = new TheoryDataRow([language, .. more]);
        return always ? row : row.WithTrait(ThoroughAttribute.Name, ThoroughAttribute.Value);
    }
}
