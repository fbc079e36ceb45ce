using System.Data.Common;
using IdP.Server.Hosting;

namespace IdP.Server.Storage;

/// <summary>
/// A node on SQLite or on in-process state must be alone, or single use would not be single. It holds a lock that dies with its process: a file beside
/// the SQLite database, or an advisory lock on PostgreSQL (shared among nodes that all use Redis). The command line never takes it.
/// </summary>
internal sealed class NodeLease(Database database, IdpOptions options) : IAsyncDisposable
{
    private const long AdvisoryLock = 0x6964_705F_6E6F_64;

    private IAsyncDisposable? held;

    private bool Alone => !database.IsPostgres || !options.Storage.Ephemeral.StartsWith("redis:", StringComparison.Ordinal);

    /// <summary>Takes the lease, or does nothing while it is held. To be repeated: PostgreSQL forgets locks when it restarts.</summary>
    /// <exception cref="SecondNodeException">Another node is there; the message is for the operator.</exception>
    public async Task TakeAsync(CancellationToken cancel)
    {
        if (held is DbConnection connection && await IsAliveAsync(connection, cancel) || held is FileStream)
            return;
        await DisposeAsync();
        held = database.IsPostgres ? await LockPostgresAsync(cancel) : LockFile();
    }

    public async ValueTask DisposeAsync()
    {
        if (held is DbConnection connection)
            await UnlockAsync(connection);
        else if (held is not null)
            await held.DisposeAsync();
        held = null;
    }

    private FileStream LockFile()
    {
        try
        {
            return new FileStream(database.SqlitePath + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new SecondNodeException($"Another node is already serving from {database.SqlitePath}. SQLite is for one node; use PostgreSQL and Redis for more.");
        }
    }

    private async Task<DbConnection> LockPostgresAsync(CancellationToken cancel)
    {
        var connection = await database.OpenConnectionAsync(cancel);
        var won = await new Lane(connection, keepsStatements: false).FirstAsync(
            Alone ? "select pg_try_advisory_lock(@key)" : "select pg_try_advisory_lock_shared(@key)", row => row.GetBoolean(0), cancel, ("@key", AdvisoryLock));
        if (won)
            return connection;
        await connection.DisposeAsync();
        throw new SecondNodeException(Alone
            ? "Another node is already serving from this PostgreSQL database, and this one keeps its state in memory (Storage:Ephemeral). Give every node the same Redis."
            : "A node that keeps its state in memory (Storage:Ephemeral) is serving from this PostgreSQL database. Give every node the same Redis.");
    }

    private static async Task<bool> IsAliveAsync(DbConnection connection, CancellationToken cancel)
    {
        try
        {
            return await new Lane(connection, keepsStatements: false).FirstAsync("select 1", row => row.GetInt32(0), cancel) == 1;
        }
        catch (Exception problem) when (problem is StoreUnavailableException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The pool keeps sessions alive, so the lock is given back by name.</summary>
    private static async Task UnlockAsync(DbConnection connection)
    {
        try
        {
            await new Lane(connection, keepsStatements: false).ListAsync("select pg_advisory_unlock_all()", _ => true, CancellationToken.None);
        }
        catch (Exception problem) when (problem is StoreUnavailableException or InvalidOperationException)
        {
            // A session that is gone holds nothing.
        }

        await connection.DisposeAsync();
    }
}

/// <summary>This node must not serve; the message says why and what to do, and is all that is printed.</summary>
internal sealed class SecondNodeException(string message) : Exception(message);
