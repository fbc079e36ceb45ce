using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace IdP.Server.Storage.Sqlite;

/// <summary>
/// For "dotnet ef migrations add NAME --context SqliteDb --output-dir Storage/Sqlite/Migrations", and for the test that writes the migration's SQL beside it
/// (IDP_WRITE_SCHEMA=1). Nothing that runs in production comes here.
/// </summary>
internal sealed class DesignTime : IDesignTimeDbContextFactory<SqliteDb>
{
    public SqliteDb CreateDbContext(string[] args) => new(new DbContextOptionsBuilder<SqliteDb>().UseSqlite("Data Source=:memory:").Options);
}
