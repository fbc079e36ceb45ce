namespace IdP.Journeys;

/// <summary>Places in the source tree that tests need at run time.</summary>
internal static class Folders
{
    public static string Project { get; } = Find();

    public static string Artifacts => Path.GetFullPath(Path.Combine(Project, "..", "..", "artifacts"));

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "IdP.sln")))
                return Path.Combine(folder.FullName, "tests", "IdP.Journeys");
        }

        throw new InvalidOperationException("The tests do not lie inside the source tree.");
    }
}
