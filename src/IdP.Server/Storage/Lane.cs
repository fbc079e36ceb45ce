using System.Data.Common;

namespace IdP.Server.Storage;

/// <summary>
/// One connection for raw SQL. On SQLite it stays open and keeps the statements it has prepared; on PostgreSQL Npgsql does both.
/// SQL is written once for both: @names, snake_case, times as Unix milliseconds. Not for two callers at once.
/// </summary>
internal sealed class Lane(DbConnection connection, bool keepsStatements) : IAsyncDisposable
{
    private readonly Dictionary<string, DbCommand> prepared = new(StringComparer.Ordinal);
    private List<(string Sql, (string Name, object? Value)[] Values)>? atCommit;

    public DbConnection Connection => connection;

    /// <summary>The number of rows changed.</summary>
    public async Task<int> ExecuteAsync(string sql, CancellationToken cancel, params (string Name, object? Value)[] values)
    {
        var command = Command(sql, values);
        try
        {
            return await command.ExecuteNonQueryAsync(cancel);
        }
        catch (Exception problem) when (Outage.Find(problem) is { } outage)
        {
            throw outage;
        }
        finally
        {
            Release(command);
        }
    }

    /// <summary>
    /// In a transaction, a write whose row count nobody asks for: where the database is another process it travels with the commit and costs no way there
    /// of its own. It comes after everything else of the transaction, and the commit fails when it does.
    /// </summary>
    public async Task AtCommitAsync(string sql, CancellationToken cancel, params (string Name, object? Value)[] values)
    {
        if (atCommit is null)
            await ExecuteAsync(sql, cancel, values);
        else
            atCommit.Add((sql, values));
    }

    /// <summary>Npgsql sends "begin" with the first statement.</summary>
    public async Task BeginAsync(CancellationToken cancel)
    {
        atCommit = [];
        await connection.BeginTransactionAsync(cancel);
    }

    /// <summary>Ends what <see cref="BeginAsync"/> began: what waits for the commit and the commit itself in one go, of which nothing happens when a part fails.</summary>
    public async Task CommitAsync(CancellationToken cancel)
    {
        await using var batch = connection.CreateBatch();
        foreach (var (sql, values) in atCommit ?? [])
            Fill(batch, sql, values);
        Fill(batch, "commit", []);
        atCommit = null;
        try
        {
            await batch.ExecuteNonQueryAsync(cancel);
        }
        catch (Exception problem) when (Outage.Find(problem) is { } outage)
        {
            throw outage;
        }
    }

    /// <summary>
    /// Two statements in one way to the database and one transaction of their own; the number of rows the second changed. The second sees what others
    /// committed while the first waited for a lock.
    /// </summary>
    public async Task<int> ExecuteAfterAsync(
        (string Sql, (string Name, object? Value)[] Values) first, (string Sql, (string Name, object? Value)[] Values) second, CancellationToken cancel)
    {
        await using var batch = connection.CreateBatch();
        Fill(batch, first.Sql, first.Values);
        Fill(batch, second.Sql, second.Values);
        try
        {
            await batch.ExecuteNonQueryAsync(cancel);
            return batch.BatchCommands[1].RecordsAffected;
        }
        catch (Exception problem) when (Outage.Find(problem) is { } outage)
        {
            throw outage;
        }
    }

    /// <summary>The first row, or default when there is none.</summary>
    public async Task<T?> FirstAsync<T>(string sql, Func<DbDataReader, T> read, CancellationToken cancel, params (string Name, object? Value)[] values)
    {
        var rows = await ListAsync(sql, read, cancel, values);
        return rows.Count > 0 ? rows[0] : default;
    }

    public async Task<List<T>> ListAsync<T>(string sql, Func<DbDataReader, T> read, CancellationToken cancel, params (string Name, object? Value)[] values)
    {
        var command = Command(sql, values);
        try
        {
            await using var reader = await command.ExecuteReaderAsync(cancel);
            var rows = new List<T>();
            while (await reader.ReadAsync(cancel))
                rows.Add(read(reader));
            return rows;
        }
        catch (Exception problem) when (Outage.Find(problem) is { } outage)
        {
            throw outage;
        }
        finally
        {
            Release(command);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var command in prepared.Values)
            await command.DisposeAsync();
        await connection.DisposeAsync();
    }

    private DbCommand Command(string sql, (string Name, object? Value)[] values)
    {
        if (prepared.TryGetValue(sql, out var kept))
        {
            for (var i = 0; i < values.Length; i++)
                kept.Parameters[i].Value = values[i].Value ?? DBNull.Value;
            return kept;
        }

        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Only constants written in this assembly come here; values travel as parameters.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in values)
            command.Parameters.Add(Parameter(command.CreateParameter(), name, value));
        if (keepsStatements)
            prepared.Add(sql, command);
        return command;
    }

    private static void Fill(DbBatch batch, string sql, (string Name, object? Value)[] values)
    {
        var command = batch.CreateBatchCommand();
#pragma warning disable CA2100 // As above.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in values)
            command.Parameters.Add(Parameter(command.CreateParameter(), name, value));
        batch.BatchCommands.Add(command);
    }

    private static DbParameter Parameter(DbParameter parameter, string name, object? value)
    {
        parameter.ParameterName = name;
        parameter.Value = value ?? DBNull.Value;
        return parameter;
    }

    private void Release(DbCommand command)
    {
        if (!keepsStatements)
            command.Dispose();
    }
}
