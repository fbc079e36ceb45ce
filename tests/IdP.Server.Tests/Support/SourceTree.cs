namespace IdP.Server.Tests.Support;

/// <summary>Where the sources are: the folder of the solution above the built tests. (A deterministic build maps the compiler's own paths away.)</summary>
internal static class SourceTree
{
    public static string Root { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    private static string Find(DirectoryInfo folder) =>
        File.Exists(Path.Combine(folder.FullName, "IdP.sln"))
            ? folder.FullName
            : Find(folder.Parent ?? throw new DirectoryNotFoundException("The tests run outside their source tree."));
}
