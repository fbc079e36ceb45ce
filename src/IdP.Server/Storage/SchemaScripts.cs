namespace IdP.Server.Storage;

/// <summary>
/// The migrations as SQL, embedded beside their C#: EF writes them when the model changes, so that a running server need not load EF to have a schema.
/// Each makes its own row in the history. A test holds them equal to the migrations.
/// </summary>
internal static class SchemaScripts
{
    /// <summary>Ids of all migrations, oldest first.</summary>
    public static string[] Known(bool postgres) =>
    [
        .. typeof(SchemaScripts).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Folder(postgres), StringComparison.Ordinal))
            .Select(name => Path.GetFileNameWithoutExtension(name))
            .Order(StringComparer.Ordinal),
    ];

    public static string Read(bool postgres, string id)
    {
        using var script = new StreamReader(typeof(SchemaScripts).Assembly.GetManifestResourceStream($"{Folder(postgres)}{id}.sql")!);
        return script.ReadToEnd();
    }

    private static string Folder(bool postgres) => postgres ? "schema/postgres/" : "schema/sqlite/";
}
