using System.Collections.Concurrent;
using System.Data.Common;
using IdP.Server.Hosting;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace IdP.Server.Storage;

/// <summary>
/// The durable store, SQLite or PostgreSQL as configured: raw SQL on lanes, so that neither start nor steady state pays for EF,
/// which owns the schema and is for development only. Outages surface as <see cref="StoreUnavailableException"/>.
/// </summary>
internal sealed class Database : IAsyncDisposable
{
    private const int MostIdleLanes = 32;

    private readonly NpgsqlDataSource? postgres;
    private readonly string sqlite = "";
    private readonly ConcurrentQueue<Lane> idle = new();
    private readonly GroupCommit? group;

    public Database(IdpOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (kind, target) = Split(options.Storage.Database);
        if (kind == "postgres")
        {
            postgres = NpgsqlDataSource.Create(WithLimits(target));
            return;
        }

        SqlitePath = Path.GetFullPath(target.Length > 0 ? target : Path.Combine(options.DataDirectory, "idp.db"));
        sqlite = new SqliteConnectionStringBuilder { DataSource = SqlitePath, ForeignKeys = true, DefaultTimeout = 5 }.ToString();
        group = new(async cancel => new Lane(await OpenConnectionAsync(cancel), keepsStatements: true));
    }

    public bool IsPostgres => postgres is not null;

    /// <summary>Full path of the SQLite file; null on PostgreSQL.</summary>
    public string? SqlitePath { get; }

    /// <summary>The folder of the SQLite file, made when it is not there yet: by whoever opens the database, not by whoever asks about it.</summary>
    public void MakeFolder() => PrivateFolder.Make(Path.GetDirectoryName(SqlitePath)!);

    /// <summary>A pooled connection; dispose it to give it back.</summary>
    public async ValueTask<DbConnection> OpenConnectionAsync(CancellationToken cancel)
    {
        try
        {
            return postgres is not null ? await postgres.OpenConnectionAsync(cancel) : await OpenSqliteAsync(cancel);
        }
        catch (Exception problem) when (Outage.Find(problem) is { } outage)
        {
            throw outage;
        }
    }

    /// <summary>One statement, committed by itself; the number of rows changed.</summary>
    public Task<int> ExecuteAsync(string sql, CancellationToken cancel, params (string Name, object? Value)[] values) =>
        group is null
            ? UseLaneAsync(lane => lane.ExecuteAsync(sql, cancel, values), cancel)
            : group.RunAsync(lane => lane.ExecuteAsync(sql, cancel, values), atomic: false, cancel);

    /// <summary>On PostgreSQL: <see cref="Lane.ExecuteAfterAsync"/>.</summary>
    public Task<int> ExecuteAfterAsync(
        (string Sql, (string Name, object? Value)[] Values) first, (string Sql, (string Name, object? Value)[] Values) second, CancellationToken cancel) =>
        UseLaneAsync(lane => lane.ExecuteAfterAsync(first, second, cancel), cancel);

    /// <summary>The first row, or default when there is none.</summary>
    public Task<T?> FirstAsync<T>(string sql, Func<DbDataReader, T> read, CancellationToken cancel, params (string Name, object? Value)[] values) =>
        UseLaneAsync(lane => lane.FirstAsync(sql, read, cancel, values), cancel);

    public Task<List<T>> ListAsync<T>(string sql, Func<DbDataReader, T> read, CancellationToken cancel, params (string Name, object? Value)[] values) =>
        UseLaneAsync(lane => lane.ListAsync(sql, read, cancel, values), cancel);

    /// <summary>All of it or nothing; nothing here retries. The work uses its lane and nothing else of this class: SQLite has one writer.</summary>
    public Task<T> TransactAsync<T>(Func<Lane, Task<T>> work, CancellationToken cancel) =>
        group is null ? UseLaneAsync(lane => TransactOnPostgresAsync(lane, work, cancel), cancel) : group.RunAsync(work, atomic: true, cancel);

    /// <summary>Brings the schema up to date; cheap when it is. Any number of processes may call it at once.</summary>
    public Task MigrateAsync(CancellationToken cancel) => new Migrator(this).RunAsync(cancel);

    /// <summary>Only looks: a database that is not there yet is not made.</summary>
    public async Task<SchemaState> SchemaAsync(CancellationToken cancel) =>
        SqlitePath is not null && !File.Exists(SqlitePath) ? SchemaState.None : await new Migrator(this).StateAsync(cancel);

    public async ValueTask DisposeAsync()
    {
        while (idle.TryDequeue(out var lane))
            await lane.DisposeAsync();
        if (group is not null)
            await group.DisposeAsync();
        if (postgres is not null)
            await postgres.DisposeAsync();
        else
            SqliteConnection.ClearPool(new SqliteConnection(sqlite));
    }

    private static async Task<T> TransactOnPostgresAsync<T>(Lane lane, Func<Lane, Task<T>> work, CancellationToken cancel)
    {
        await lane.BeginAsync(cancel);
        try
        {
            var result = await work(lane);
            await lane.CommitAsync(cancel);
            return result;
        }
        catch
        {
            await RollBackAsync(lane);
            throw;
        }
    }

    private async Task<T> UseLaneAsync<T>(Func<Lane, Task<T>> work, CancellationToken cancel)
    {
        if (!idle.TryDequeue(out var lane))
            lane = new Lane(await OpenConnectionAsync(cancel), keepsStatements: !IsPostgres);
        var sound = false;
        try
        {
            var result = await work(lane);
            sound = !IsPostgres && idle.Count < MostIdleLanes;
            return result;
        }
        finally
        {
            if (sound)
                idle.Enqueue(lane);
            else
                await lane.DisposeAsync();
        }
    }

    private static async Task RollBackAsync(Lane lane)
    {
        try
        {
            await lane.ExecuteAsync("rollback", CancellationToken.None);
        }
        catch (Exception problem) when (problem is DbException or StoreUnavailableException or InvalidOperationException)
        {
            // The connection is gone, and the transaction with it; the first problem is the one to tell.
        }
    }

    private async Task<DbConnection> OpenSqliteAsync(CancellationToken cancel)
    {
        MakeFolder();
        var connection = new SqliteConnection(sqlite);
        try
        {
            await connection.OpenAsync(cancel);
            await using var pragmas = connection.CreateCommand();
            pragmas.CommandText = "pragma busy_timeout=5000; pragma journal_mode=wal; pragma synchronous=full;";
            await pragmas.ExecuteNonQueryAsync(cancel);
            return connection;
        }
        catch (SqliteException problem) when (problem.SqliteErrorCode is SQLitePCL.raw.SQLITE_CANTOPEN or SQLitePCL.raw.SQLITE_READONLY)
        {
            await connection.DisposeAsync();
            throw Unwritable(problem);
        }
    }

    /// <summary>For whoever cannot write the file or beside it.</summary>
    public UnwritableException Unwritable(Exception problem) => new($"The database {SqlitePath} cannot be written: {problem.Message.TrimEnd('.')}.");

    private static (string Kind, string Target) Split(string setting)
    {
        if (setting.Length == 0)
            return ("sqlite", "");
        var cut = setting.IndexOf(':', StringComparison.Ordinal);
        var kind = cut > 0 ? setting[..cut] : setting;
        return kind is "sqlite" or "postgres" && cut > 0
            ? (kind, setting[(cut + 1)..])
            : throw new InvalidOperationException("Storage:Database must be sqlite:PATH or postgres:CONNECTION.");
    }

    /// <summary>
    /// Ours first, so that what the operator says wins. Statements are prepared at their second use. Nothing here changes a session, and its locks are
    /// given back by name: resetting it would be seven statements before each of ours.
    /// </summary>
    internal static string WithLimits(string connection) => new NpgsqlConnectionStringBuilder(
        "Timeout=2;Command Timeout=3;Max Auto Prepare=64;Auto Prepare Min Usages=2;No Reset On Close=true;Application Name=idp;" + connection).ToString();
}
