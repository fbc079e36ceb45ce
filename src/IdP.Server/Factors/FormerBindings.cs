using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.Storage;

namespace IdP.Server.Factors;

/// <summary>
/// Bindings that were unbound or replaced, kept sealed as they were for as long as a notice's link can take that back: "this was not me" must never leave an
/// account without the factor it had. They stand in a table of their own, so that nothing that proves anybody can meet one.
/// </summary>
internal sealed class FormerBindings(AuditLog audit)
{
    private const string Columns = "id, user_id, factor, label, sealed, last_step, created_at, last_used_at";

    /// <summary>Ends the bindings that <paramref name="which"/> says, in the caller's transaction; the number of them.</summary>
    /// <param name="kept">False: for good.</param>
    public static async Task<int> EndAsync(Lane lane, string which, bool kept, DateTimeOffset at, CancellationToken cancel, params (string Name, object? Value)[] values)
    {
        if (kept)
        {
            // Locked first: a code that is just being looked at moves its step before this or not at all, so that no step is forgotten on the way (I-3).
            await lane.ExecuteAsync($"update factor_bindings set label = label where {which}", cancel, values);
            await lane.ExecuteAsync($"insert into former_bindings ({Columns}, ended_at) select {Columns}, @ended from factor_bindings where {which}", cancel,
                [.. values, ("@ended", at.Stored())]);
        }

        return await lane.ExecuteAsync($"delete from factor_bindings where {which}", cancel, values);
    }

    /// <summary>
    /// The factors as they were just before that moment: what was bound since goes for good, what was unbound or replaced since is back. Where that would
    /// be none at all, those that went last are back instead: somebody who only reads the mail must not be able to choose a moment without.
    /// The caller holds the person (<see cref="Users.HoldAsync"/>).
    /// </summary>
    /// <param name="hadFactor">Whether there was one just before that moment.</param>
    /// <returns>False when nothing would be left although there was a factor: then all is as it was.</returns>
    public async Task<bool> PutBackAsync(Lane lane, string userId, DateTimeOffset since, bool hadFactor, By by, CancellationToken cancel)
    {
        (string, object?)[] values = [("@user", userId), ("@since", since.Stored())];
        var stay = await lane.FirstAsync("select count(*) from factor_bindings where user_id = @user and created_at < @since", row => row.GetInt64(0), cancel, values);
        var former = await lane.ListAsync("select id, factor, ended_at from former_bindings where user_id = @user and created_at < @since order by ended_at desc",
            row => new Former(row.GetString(0), row.GetString(1), row.Time(2)), cancel, values);
        var back = former.FindAll(one => one.EndedAt.Stored() >= since.Stored());
        if (stay == 0 && back.Count == 0)
            back = former.FindAll(one => one.EndedAt == former[0].EndedAt);
        if (stay == 0 && back.Count == 0 && hadFactor)
            return false;

        foreach (var factor in await lane.ListAsync("select factor from factor_bindings where user_id = @user and created_at >= @since", row => row.GetString(0), cancel, values))
            await AuditAsync(lane, "factor-unbound", userId, factor, by, cancel);
        await lane.ExecuteAsync("delete from factor_bindings where user_id = @user and created_at >= @since", cancel, values);
        // What was made since must not come back by another link either.
        await lane.ExecuteAsync("delete from former_bindings where user_id = @user and created_at >= @since", cancel, values);
        foreach (var one in back)
        {
            (string, object?)[] id = [("@id", one.Id)];
            await lane.ExecuteAsync($"insert into factor_bindings ({Columns}) select {Columns} from former_bindings where id = @id", cancel, id);
            await lane.ExecuteAsync("delete from former_bindings where id = @id", cancel, id);
            await AuditAsync(lane, "factor-restored", userId, one.Factor, by, cancel);
        }

        return true;
    }

    private Task AuditAsync(Lane lane, string action, string userId, string factor, By by, CancellationToken cancel) =>
        audit.AddAsync(lane, new(action, by.Actor, userId, Address: by.Address, Details: factor), cancel);

    private sealed record Former(string Id, string Factor, DateTimeOffset EndedAt);
}
