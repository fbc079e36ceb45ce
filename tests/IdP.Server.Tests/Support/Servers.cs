using IdP.Support;

[assembly: AssemblyFixture(typeof(IdP.Server.Tests.Support.Servers))]

namespace IdP.Server.Tests.Support;

/// <summary>One PostgreSQL and one Redis for all tests of this assembly, started before the first and stopped after the last. Every caller gets an empty database.</summary>
public sealed class Servers : IAsyncLifetime
{
    private static RealServers? shared;
    private static int redisDatabase = -1;

    internal RealServers Real { get; private set; } = null!;

    public async ValueTask InitializeAsync() => shared = Real = await RealServers.StartAsync();

    public ValueTask DisposeAsync() => Real?.DisposeAsync() ?? ValueTask.CompletedTask;

    internal static Task<string> NewPostgresDatabaseAsync() => shared!.NewDatabaseAsync("postgres");

    /// <summary>Makes the one role that needs a password, or gives it another.</summary>
    /// <param name="database">A database of these servers, as the setting names it.</param>
    internal static Task KeyedRoleAsync(string database, string password) => SqlAsync(database, $"""
        do $$ begin
            if exists (select from pg_roles where rolname = '{RealServers.KeyedRole}') then alter role {RealServers.KeyedRole} password '{password}';
            else create role {RealServers.KeyedRole} login superuser password '{password}'; end if;
        end $$
        """);

    /// <summary>As the database's superuser, past every server under test.</summary>
    internal static async Task SqlAsync(string database, string sql)
    {
        await using var connection = new Npgsql.NpgsqlConnection(database["postgres:".Length..] + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Keys are random; a database apart keeps the per-address counters of one fixture from another's.</summary>
    internal static string NewRedisDatabase() => $"{shared!.Redis},defaultDatabase={Interlocked.Increment(ref redisDatabase) % RealServers.RedisDatabases}";
}
