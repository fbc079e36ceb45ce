using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace IdP.Server.Storage.Postgres;

/// <summary>For "dotnet ef migrations add NAME --context PostgresDb --output-dir Storage/Postgres/Migrations" only.</summary>
internal sealed class DesignTime : IDesignTimeDbContextFactory<PostgresDb>
{
    public PostgresDb CreateDbContext(string[] args) => new(new DbContextOptionsBuilder<PostgresDb>().UseNpgsql("Host=localhost").Options);
}
