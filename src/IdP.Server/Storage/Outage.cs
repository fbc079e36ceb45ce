using Microsoft.Data.Sqlite;
using Npgsql;
using SQLitePCL;
using StackExchange.Redis;

namespace IdP.Server.Storage;

/// <summary>The one place that tells an outage (closed door, try again) from a bug.</summary>
internal static class Outage
{
    /// <summary>The outage behind an exception, however deeply it is wrapped; null when it is something else.</summary>
    public static StoreUnavailableException? Find(Exception problem)
    {
        for (var inner = problem; inner is not null; inner = inner.InnerException)
        {
            if (inner is StoreUnavailableException known)
                return known;
            if (IsDatabase(inner))
                return new("The database did not answer.", problem);
            if (inner is RedisException or RedisTimeoutException)
                return new("Redis did not answer.", problem);
        }

        return null;
    }

    /// <summary>Whether waiting may help: not where the store refuses us, or a file cannot be written.</summary>
    public static bool MayPass(Exception problem)
    {
        for (var inner = problem; inner is not null; inner = inner.InnerException)
        {
            if (inner is UnwritableException or RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure }
                || (inner is PostgresException refused && IsRefusal(refused.SqlState)))
                return false;
        }

        return Find(problem) is not null;
    }

    private static bool IsRefusal(string state) =>
        state[..2] is "28" || state is PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InsufficientPrivilege;

    private static bool IsDatabase(Exception problem) => problem switch
    {
        // Connection lost, shutting down, out of resources, cancelled by timeout, deadlock, a standby after failover. And a door that is shut to us: a password
        // that was changed, a database or a right that is not there.
        PostgresException { SqlState: var state } => state[..2] is "08" or "53" or "57" or "58" or "40" or "28"
            || state is PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InsufficientPrivilege,
        NpgsqlException => true,
        SqliteException { SqliteErrorCode: var code } => code is raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_IOERR or raw.SQLITE_FULL or raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY,
        _ => false,
    };
}
