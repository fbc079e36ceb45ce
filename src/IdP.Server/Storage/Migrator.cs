using Microsoft.Data.Sqlite;
using Npgsql;

namespace IdP.Server.Storage;

/// <summary>
/// Brings the schema up to date, one process at a time. What it runs is the embedded SQL of each migration (<see cref="SchemaScripts"/>),
/// one transaction each: whoever is killed between two of them leaves a whole number applied, and the next start goes on from there.
/// </summary>
internal sealed class Migrator(Database database)
{
    public const string ForeignSchema =
        "The database's schema comes from a version that this program does not know (an unreleased one, if you did not restore it from elsewhere). " +
        "Start with an empty database, or run the version that made this one.";

    private const long AdvisoryLock = 0x6964_705F_6D69_67;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Nap = TimeSpan.FromMilliseconds(100);

    public async Task RunAsync(CancellationToken cancel)
    {
        if (await StateAsync(cancel) == SchemaState.Current)
            return;
        await using var turn = await TakeTurnAsync(cancel);
        if (await StateAsync(cancel) == SchemaState.Foreign)
            throw new SchemaException(ForeignSchema);
        foreach (var id in SchemaScripts.Known(database.IsPostgres).Except(await AppliedAsync(cancel) ?? []))
            await ApplyAsync(id, cancel);
    }

    public async Task<SchemaState> StateAsync(CancellationToken cancel) => Compare(SchemaScripts.Known(database.IsPostgres), await AppliedAsync(cancel));

    /// <summary>A database that a newer program has migrated further is current: both versions run during a rolling upgrade.</summary>
    /// <param name="applied">The ids in the database's history; null when there is no history.</param>
    public static SchemaState Compare(IReadOnlyCollection<string> known, IReadOnlyCollection<string>? applied) => applied switch
    {
        null => SchemaState.None,
        _ when !known.Except(applied).Any() => SchemaState.Current,
        _ => applied.Except(known).Any() ? SchemaState.Foreign : SchemaState.Older,
    };

    private async Task<List<string>?> AppliedAsync(CancellationToken cancel)
    {
        try
        {
            return await database.ListAsync("""select "MigrationId" from "__EFMigrationsHistory" """, row => row.GetString(0), cancel);
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return null;
        }
        catch (SqliteException missing) when (missing.SqliteErrorCode == SQLitePCL.raw.SQLITE_ERROR)
        {
            return null;
        }
    }

    private async Task ApplyAsync(string id, CancellationToken cancel)
    {
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancel);
            await using var change = await connection.BeginTransactionAsync(cancel);
            await using var command = connection.CreateCommand();
            command.Transaction = change;
            // An index on a large table takes longer than a request may.
            command.CommandTimeout = (int)Patience.TotalSeconds;
#pragma warning disable CA2100 // The script is part of this assembly.
            command.CommandText = SchemaScripts.Read(database.IsPostgres, id);
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync(cancel);
            await change.CommitAsync(cancel);
        }
        catch (Exception problem) when (Outage.Find(problem) is { } outage)
        {
            throw outage;
        }
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
}

/// <summary>The database's schema beside this program's.</summary>
internal enum SchemaState
{
    None,
    /// <summary>Lacks migrations of this program.</summary>
    Older,
    /// <summary>Lacks migrations of this program and has others that it does not know: it cannot be brought up to date.</summary>
    Foreign,
    Current,
}

/// <summary>The database's schema does not fit this program or this verb; the message is for the operator.</summary>
internal sealed class SchemaException(string message) : Exception(message);
