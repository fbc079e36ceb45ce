using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace IdP.Server.Storage.Sqlite;

/// <summary>For "dotnet ef migrations add NAME --context SqliteDb --output-dir Storage/Sqlite/Migrations" only.</summary>
internal sealed class DesignTime : IDesignTimeDbContextFactory<SqliteDb>
{
    public SqliteDb CreateDbContext(string[] args) => new(new DbContextOptionsBuilder<SqliteDb>().UseSqlite("Data Source=:memory:").Options);
}
