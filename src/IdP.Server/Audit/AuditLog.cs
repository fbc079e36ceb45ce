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

    private const string Sum = """
        insert into audit (at, action, actor, user_id, client_id, address, details, last_at, sum_key)
        values (@at, @action, @actor, @user_id, @client_id, @address, @details, @at, @sum_key)
        on conflict (sum_key) do update set count = audit.count + 1, last_at = excluded.last_at
        """;

    /// <summary>In the transaction that the lane is in.</summary>
    public Task AddAsync(Lane lane, AuditEntry entry, CancellationToken cancel) =>
        lane.AtCommitAsync(Insert, cancel, Values(entry));

    /// <summary>For what changes nothing else: a failed sign-in, a refusal.</summary>
    public Task WriteAsync(AuditEntry entry, CancellationToken cancel) =>
        database.ExecuteAsync(Insert, cancel, Values(entry));

    /// <summary>
    /// For refusals that anybody can cause as often as they like: those of one kind that concern the same thing are one row an hour, with their number and the time of the
    /// last one.
    /// </summary>
    /// <param name="about">What they have in common besides the action: who, and from which address.</param>
    public Task SumAsync(AuditEntry entry, string about, CancellationToken cancel) =>
        database.ExecuteAsync(Sum, cancel, [.. Values(entry), ("@sum_key", Handles.HashText($"{entry.Action} {about} {clock.GetUtcNow().ToUnixTimeSeconds() / 3600}"))]);

    private (string, object?)[] Values(AuditEntry entry) =>
    [
        ("@at", clock.GetUtcNow().ToUnixTimeMilliseconds()), ("@action", entry.Action), ("@actor", entry.Actor), ("@user_id", entry.UserId),
        ("@client_id", entry.ClientId), ("@address", entry.Address), ("@details", entry.Details),
    ];
}

/// <param name="Action">"sign-in", "sign-in-failed", "factor-bound", "session-ended", ...</param>
/// <param name="Actor">A user id, "cli", "system".</param>
internal sealed record AuditEntry(string Action, string? Actor = null, string? UserId = null, string? ClientId = null, string? Address = null, string? Details = null);
