using IdP.Server.Storage;
using IdP.Server.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace IdP.Server.Tests.Storage;

/// <summary>
/// The SQL that servers run is what EF makes of the migrations, and the migrations are the model. With IDP_WRITE_SCHEMA=1 the scripts are written
/// instead of compared; the next build embeds them.
/// </summary>
public sealed class SchemaScriptTests
{
    private static readonly bool Writes = Environment.GetEnvironmentVariable("IDP_WRITE_SCHEMA") == "1";

    [Theory, InlineData("Sqlite"), InlineData("Postgres")]
    public void The_embedded_scripts_are_what_the_migrations_say(string provider)
    {
        using var context = Context(provider);
        var expected = Generate(context);
        if (Writes)
        {
            Write(provider, expected);
            return;
        }

        var postgres = provider == "Postgres";
        var embedded = SchemaScripts.Known(postgres).ToDictionary(id => id, id => Normal(SchemaScripts.Read(postgres, id)));
        var wrong = expected.Keys.Union(embedded.Keys).Where(id => expected.GetValueOrDefault(id) != embedded.GetValueOrDefault(id)).ToArray();
        Assert.True(wrong.Length == 0,
            $"Storage/{provider}/Migrations/*.sql differs from the migrations in: {string.Join(", ", wrong)}. Write the scripts anew with " +
            $"\"IDP_WRITE_SCHEMA=1 dotnet run --project tests/IdP.Server.Tests -- -class {typeof(SchemaScriptTests).FullName}\" and commit them.");
    }

    [Theory, InlineData("Sqlite"), InlineData("Postgres")]
    public void The_migrations_are_the_model(string provider)
    {
        using var context = Context(provider);
        Assert.False(context.Database.HasPendingModelChanges(),
            $"The model has changed: \"dotnet ef migrations add NAME --context {provider}Db --output-dir Storage/{provider}/Migrations\", then write its script with IDP_WRITE_SCHEMA=1.");
    }

    private static IdpDb Context(string provider) => provider == "Postgres"
        ? new IdP.Server.Storage.Postgres.DesignTime().CreateDbContext([])
        : new IdP.Server.Storage.Sqlite.DesignTime().CreateDbContext([]);

    private static Dictionary<string, string> Generate(IdpDb context)
    {
        var migrator = context.GetService<IMigrator>();
        var scripts = new Dictionary<string, string>();
        var from = Migration.InitialDatabase;
        foreach (var id in context.Database.GetMigrations())
        {
            scripts.Add(id, Normal(migrator.GenerateScript(from, id, MigrationsSqlGenerationOptions.NoTransactions)));
            from = id;
        }

        return scripts;
    }

    private static string Normal(string sql) => sql.ReplaceLineEndings("\n").Trim() + "\n";

    private static void Write(string provider, Dictionary<string, string> scripts)
    {
        foreach (var old in Directory.GetFiles(Folder(provider), "*.sql"))
            File.Delete(old);
        foreach (var (id, sql) in scripts)
            File.WriteAllText(Path.Combine(Folder(provider), id + ".sql"), sql);
    }

    private static string Folder(string provider) => Path.Combine(SourceTree.Root, "src/IdP.Server/Storage", provider, "Migrations");
}
