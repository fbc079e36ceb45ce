using IdP.Server.Tests.Support;

namespace IdP.Journeys;

/// <summary>Places in the source tree that tests need at run time.</summary>
internal static class Folders
{
    public static string Project { get; } = Path.Combine(SourceTree.Root, "tests", "IdP.Journeys");

    public static string Artifacts { get; } = Path.Combine(SourceTree.Root, "artifacts");
}
