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
    private static readonly TimeSpan Nap = TimeSpan.FromMilliseconds(100);

    public async Task RunAsync(CancellationToken cancel)
    {
        if (await IsCurrentAsync(cancel))
            return;
        await using var turn = await TakeTurnAsync(cancel);
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

    private async Task<IAsyncDisposable> TakeTurnAsync(CancellationToken cancel)
    {
        for (var waited = TimeSpan.Zero; waited < Patience; waited += Nap)
        {
            if (await TryTakeTurnAsync(cancel) is { } turn)
                return turn;
            await Task.Delay(Nap, cancel);
        }

        throw new StoreUnavailableException("Another process has been migrating the database for a minute.");
    }

    private async Task<IAsyncDisposable?> TryTakeTurnAsync(CancellationToken cancel)
    {
        if (database.IsPostgres)
            return await PostgresLock.TryTakeAsync(database, AdvisoryLock, shared: false, cancel);
        try
        {
            return new FileStream(database.SqlitePath + ".migrate", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>EF's own lock on SQLite is a row that a killed process leaves for ever. We hold the file, so nobody else is migrating.</summary>
    private static async Task DropStaleLockAsync(IdpDb context, CancellationToken cancel) =>
        await context.Database.ExecuteSqlRawAsync("""drop table if exists "__EFMigrationsLock" """, cancel);
}
