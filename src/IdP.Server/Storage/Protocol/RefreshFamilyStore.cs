using System.Data.Common;
using System.Text.Json;
using IdP.Protocol;

namespace IdP.Server.Storage.Protocol;

/// <summary>Refresh families: one row each, moved by one conditional write that must win (RFC 9700 §4.14.2).</summary>
internal sealed class RefreshFamilyStore(Database database) : IRefreshFamilies
{
    /// <summary>With the mark of the code's use, which says whether the session lives (<see cref="CodeStore"/>).</summary>
    public const string Insert = """
        insert into refresh_families (handle, grant_id, user_id, session_id, client_id, grant_json, current_hash, salt, sliding_expiry, absolute_expiry)
        select @handle, @grant_id, @user, @session_id, @client_id, @grant_json, @current_hash, @salt, @sliding_expiry, @absolute_expiry
        """;

    private const string Find = """
        select handle, grant_json, current_hash, previous_hash, salt, rotated_at, sliding_expiry, absolute_expiry, ended_at
        from refresh_families where handle = @handle
        """;

    private const string Rotate = """
        update refresh_families
        set previous_hash = current_hash, current_hash = @successor, salt = @salt, rotated_at = @now, sliding_expiry = @sliding
        where handle = @handle and current_hash = @presented and ended_at is null and sliding_expiry > @now and absolute_expiry > @now
        """;

    public async ValueTask<RefreshFamily?> FindAsync(string handle, CancellationToken cancel) =>
        await database.FirstAsync(Find, Read, cancel, ("@handle", handle));

    public async Task<bool> RotateAsync(string handle, byte[] presentedHash, byte[] successorHash, byte[] salt, DateTimeOffset now, DateTimeOffset slidingExpiry, CancellationToken cancel) =>
        await database.ExecuteAsync(Rotate, cancel, ("@handle", handle), ("@presented", presentedHash), ("@successor", successorHash),
            ("@salt", salt), ("@now", now.Stored()), ("@sliding", slidingExpiry.Stored())) == 1;

    /// <summary>All but @grant_id, @session_id and @user, which the mark has.</summary>
    public static (string, object?)[] Values(NewRefreshFamily family, Grant grant) =>
    [
        ("@handle", family.Handle), ("@client_id", grant.ClientId),
        ("@grant_json", JsonSerializer.Serialize(grant, StorageJson.Default.Grant)), ("@current_hash", family.SecretHash), ("@salt", Array.Empty<byte>()),
        ("@sliding_expiry", family.SlidingExpiry.Stored()), ("@absolute_expiry", family.AbsoluteExpiry.Stored()),
    ];

    private static RefreshFamily Read(DbDataReader row) => new(
        row.GetString(0), JsonSerializer.Deserialize(row.GetString(1), StorageJson.Default.Grant)!, row.Bytes(2), row.BytesOrNull(3), row.Bytes(4),
        row.TimeOrNull(5), row.Time(6), row.Time(7), Ended: !row.IsDBNull(8));
}
