using System.Data.Common;

namespace IdP.Server.Storage;

/// <summary>A session advisory lock: it dies with its connection, so a killed process leaves nothing behind.</summary>
internal sealed class PostgresLock : IAsyncDisposable
{
    private readonly DbConnection connection;
    private readonly Lane lane;

    private PostgresLock(DbConnection connection) => (this.connection, lane) = (connection, new Lane(connection, keepsStatements: false));

    /// <summary>Null when somebody else holds it (or, for a shared one, holds it alone).</summary>
    public static async Task<PostgresLock?> TryTakeAsync(Database database, long key, bool shared, CancellationToken cancel)
    {
        var candidate = new PostgresLock(await database.OpenConnectionAsync(cancel));
        var won = false;
        try
        {
            won = await candidate.lane.FirstAsync(
                shared ? "select pg_try_advisory_lock_shared(@key)" : "select pg_try_advisory_lock(@key)", row => row.GetBoolean(0), cancel, ("@key", key));
            return won ? candidate : null;
        }
        finally
        {
            if (!won)
                await candidate.connection.DisposeAsync();
        }
    }

    /// <summary>False when the connection, and the lock with it, is gone.</summary>
    public async Task<bool> IsHeldAsync(CancellationToken cancel)
    {
        try
        {
            return await lane.FirstAsync("select 1", row => row.GetInt32(0), cancel) == 1;
        }
        catch (Exception problem) when (problem is StoreUnavailableException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The pool keeps the connection alive, so the lock is given back by name.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await lane.ListAsync("select pg_advisory_unlock_all()", _ => true, CancellationToken.None);
        }
        catch (Exception problem) when (problem is StoreUnavailableException or InvalidOperationException)
        {
            // A session that is gone holds nothing.
        }

        await connection.DisposeAsync();
    }
}
