using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace IdP.Server.Storage.Postgres;

/// <summary>
/// For "dotnet ef migrations add NAME --context PostgresDb --output-dir Storage/Postgres/Migrations", and for the test that writes the migration's SQL beside it
/// (IDP_WRITE_SCHEMA=1). Nothing that runs in production comes here.
/// </summary>
internal sealed class DesignTime : IDesignTimeDbContextFactory<PostgresDb>
{
    public PostgresDb CreateDbContext(string[] args) => new(new DbContextOptionsBuilder<PostgresDb>().UseNpgsql("Host=localhost").Options);
}
