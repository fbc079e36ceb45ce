using IdP.Server.Storage;

namespace IdP.Server.Audit;

/// <summary>
/// Who did what, from where. A row commits with the change it records (I-9), so every writer takes the change's own transaction.
/// Details never hold a secret.
/// </summary>
internal sealed class AuditLog(Database database, TimeProvider clock)
{
    private const string Insert = """
        insert into audit (at, action, actor, user_id, client_id, address, details)
        values (@at, @action, @actor, @user_id, @client_id, @address, @details)
        """;

    /// <summary>In the transaction that the lane is in.</summary>
    public Task AddAsync(Lane lane, AuditEntry entry, CancellationToken cancel) =>
        lane.AtCommitAsync(Insert, cancel, Values(entry));

    /// <summary>For what changes nothing else: a failed sign-in, a refusal.</summary>
    public Task WriteAsync(AuditEntry entry, CancellationToken cancel) =>
        database.ExecuteAsync(Insert, cancel, Values(entry));

    private (string, object?)[] Values(AuditEntry entry) =>
    [
        ("@at", clock.GetUtcNow().ToUnixTimeMilliseconds()), ("@action", entry.Action), ("@actor", entry.Actor), ("@user_id", entry.UserId),
        ("@client_id", entry.ClientId), ("@address", entry.Address), ("@details", entry.Details),
    ];
}

/// <param name="Action">"sign-in", "sign-in-failed", "factor-bound", "session-ended", ...</param>
/// <param name="Actor">A user id, "cli", "system".</param>
internal sealed record AuditEntry(string Action, string? Actor = null, string? UserId = null, string? ClientId = null, string? Address = null, string? Details = null);
