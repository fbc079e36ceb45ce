using Microsoft.Data.Sqlite;
using Npgsql;
using SQLitePCL;

namespace IdP.Server.Storage;

/// <summary>
/// That something happened, durably, so that it cannot happen again: for what the ephemeral store decides between honest requests,
/// but would decide again for whoever puts an old value back.
/// </summary>
internal sealed class UsedMarks(Database database)
{
    private const string Insert = "insert into used_codes (key, grant_id) values (@key, '') on conflict (key) do nothing";

    /// <summary>True for the one caller that marks it.</summary>
    /// <param name="what">A name of the thing that nothing else has.</param>
    /// <param name="end">When it is good for nothing any more; the same whenever it is asked for.</param>
    public async Task<bool> TryAsync(string what, DateTimeOffset end, CancellationToken cancel) =>
        await database.ExecuteAsync(Insert, cancel, ("@key", UsedCodes.Key(what, end))) == 1;

    /// <summary>The same; the one caller's further writes are in the commit of the mark.</summary>
    public Task<bool> TryAsync(string what, DateTimeOffset end, Func<Lane, Task> along, CancellationToken cancel) => database.TransactAsync(async lane =>
    {
        if (await lane.ExecuteAsync(Insert, cancel, ("@key", UsedCodes.Key(what, end))) != 1)
            return false;
        await along(lane);
        return true;
    }, cancel);

    /// <summary>
    /// Marks it with the commit of the caller's transaction, without a way to the database of its own: where it is marked already the
    /// transaction fails, with an exception that <see cref="IsTaken"/>.
    /// </summary>
    public static Task AtCommitAsync(Lane lane, string what, DateTimeOffset end, CancellationToken cancel) =>
        lane.AtCommitAsync("insert into used_codes (key, grant_id) values (@key, '')", cancel, ("@key", UsedCodes.Key(what, end)));

    public static bool IsTaken(Exception problem) =>
        problem is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "used_codes" }
            or SqliteException { SqliteExtendedErrorCode: raw.SQLITE_CONSTRAINT_PRIMARYKEY };
}
