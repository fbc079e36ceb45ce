using System.Reflection;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;

namespace IdP.Server.Storage;

/// <summary>
/// Applies migrations, one process at a time. The usual start has nothing to apply and learns so from one raw read, without EF's model.
/// </summary>
internal sealed class Migrator(Database database)
{
    private const long AdvisoryLock = 0x6964_705F_6D69_67;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public async Task RunAsync(CancellationToken cancel)
    {
        if (await IsCurrentAsync(cancel))
            return;
        await using var turn = database.IsPostgres ? await TakePostgresTurnAsync(cancel) : await TakeFileTurnAsync(cancel);
        if (await IsCurrentAsync(cancel))
            return;
        await using var context = database.Open();
        if (!database.IsPostgres)
            await DropStaleLockAsync(context, cancel);
        await context.Database.MigrateAsync(cancel);
    }

    private async Task<bool> IsCurrentAsync(CancellationToken cancel)
    {
        try
        {
            var applied = await database.ListAsync("""select "MigrationId" from "__EFMigrationsHistory" """, row => row.GetString(0), cancel);
            return Known().All(applied.Contains);
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return false;
        }
        catch (SqliteException missing) when (missing.SqliteErrorCode == SQLitePCL.raw.SQLITE_ERROR)
        {
            return false;
        }
    }

    private IEnumerable<string> Known()
    {
        var provider = database.IsPostgres ? typeof(PostgresDb) : typeof(SqliteDb);
        return typeof(Migrator).Assembly.GetTypes()
            .Where(type => type.GetCustomAttribute<DbContextAttribute>()?.ContextType == provider)
            .Select(type => type.GetCustomAttribute<MigrationAttribute>()?.Id)
            .OfType<string>();
    }

    /// <summary>The lock lives as long as its session: a killed migration leaves nothing behind.</summary>
    private async Task<IAsyncDisposable> TakePostgresTurnAsync(CancellationToken cancel)
    {
        var connection = (NpgsqlConnection)await database.OpenConnectionAsync(cancel);
        await using var command = connection.CreateCommand();
        command.CommandText = "select pg_advisory_lock($1)";
        command.CommandTimeout = (int)Patience.TotalSeconds;
        command.Parameters.Add(new NpgsqlParameter { Value = AdvisoryLock });
        await command.ExecuteNonQueryAsync(cancel);
        return connection;
    }

    private async Task<IAsyncDisposable> TakeFileTurnAsync(CancellationToken cancel)
    {
        for (var waited = TimeSpan.Zero; ; waited += TimeSpan.FromMilliseconds(100))
        {
            try
            {
                return new FileStream(database.SqlitePath + ".migrate", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
            }
            catch (IOException) when (waited < Patience)
            {
                await Task.Delay(100, cancel);
            }
        }
    }

    /// <summary>EF's own lock on SQLite is a row that a killed process leaves for ever. We hold the file, so nobody else is migrating.</summary>
    private static async Task DropStaleLockAsync(IdpDb context, CancellationToken cancel) =>
        await context.Database.ExecuteSqlRawAsync("""drop table if exists "__EFMigrationsLock" """, cancel);
}
