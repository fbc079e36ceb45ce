using IdP.Server.Hosting;

namespace IdP.Server.Storage;

/// <summary>
/// A node on SQLite or on in-process state must be alone, or single use would not be single. It holds a lock that dies with its process: a file beside
/// the SQLite database, or an advisory lock on PostgreSQL (shared among nodes that all use Redis). The command line never takes it.
/// </summary>
internal sealed class NodeLease(Database database, IdpOptions options) : IAsyncDisposable
{
    private const long AdvisoryLock = 0x6964_705F_6E6F_64;

    /// <summary>What opening a file fails with whose lock another process holds: EAGAIN.</summary>
    private static readonly int Taken = OperatingSystem.IsMacOS() ? 35 : 11;

    private IAsyncDisposable? held;

    private bool Alone => !database.IsPostgres || !options.Storage.Ephemeral.StartsWith("redis:", StringComparison.Ordinal);

    /// <summary>Takes the lease, or does nothing while it is held. To be repeated: PostgreSQL forgets locks when it restarts.</summary>
    /// <exception cref="SecondNodeException">Another node is there; the message is for the operator.</exception>
    public async Task TakeAsync(CancellationToken cancel)
    {
        if (held is FileStream || (held is PostgresLock postgres && await postgres.IsHeldAsync(cancel)))
            return;
        await DisposeAsync();
        held = database.IsPostgres ? await LockPostgresAsync(cancel) : LockFile();
    }

    public async ValueTask DisposeAsync()
    {
        if (held is not null)
            await held.DisposeAsync();
        held = null;
    }

    private FileStream LockFile()
    {
        database.MakeFolder();
        try
        {
            return new FileStream(database.SqlitePath + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception problem) when (problem is UnauthorizedAccessException || (problem is IOException && problem.HResult != Taken))
        {
            throw database.Unwritable(problem);
        }
        catch (IOException)
        {
            throw new SecondNodeException($"Another node is already serving from {database.SqlitePath}. SQLite is for one node; use PostgreSQL and Redis for more.");
        }
    }

    private async Task<PostgresLock> LockPostgresAsync(CancellationToken cancel) =>
        await PostgresLock.TryTakeAsync(database, AdvisoryLock, shared: !Alone, cancel) ?? throw new SecondNodeException(Alone
            ? "Another node is already serving from this PostgreSQL database, and this one keeps its state in memory (Storage:Ephemeral). Give every node the same Redis."
            : "A node that keeps its state in memory (Storage:Ephemeral) is serving from this PostgreSQL database. Give every node the same Redis.");
}

/// <summary>This node must not serve; the message says why and what to do, and is all that is printed.</summary>
internal sealed class SecondNodeException(string message) : Exception(message);
