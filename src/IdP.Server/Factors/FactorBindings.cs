using System.Data.Common;
using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.Storage;

namespace IdP.Server.Factors;

/// <summary>Second factors bound to accounts, one generic table for all kinds. A factor's own data is sealed for that factor and that binding.</summary>
internal sealed class FactorBindings(Database database, SecretProtector protector, Users users, AuditLog audit, AccountWatchers watchers, TimeProvider clock)
{
    private const string Select = "select id, user_id, factor, label, sealed, last_step, created_at, last_used_at from factor_bindings";

    /// <summary>Oldest first.</summary>
    public Task<List<FactorBinding>> ListAsync(string userId, CancellationToken cancel) =>
        database.ListAsync(Select + " where user_id = @user order by created_at", Read, cancel, ("@user", userId));

    /// <summary>As the transaction sees them.</summary>
    public static Task<List<FactorBinding>> ListAsync(Lane lane, SecretProtector protector, string userId, CancellationToken cancel) =>
        lane.ListAsync(Select + " where user_id = @user order by created_at", row => Read(row, protector), cancel, ("@user", userId));

    /// <summary>Null when there is none, or it is another's.</summary>
    public async Task<FactorBinding?> FindAsync(string userId, string bindingId, CancellationToken cancel) => Handles.IsId(bindingId)
        ? await database.FirstAsync(Select + " where id = @id and user_id = @user", Read, cancel, ("@id", bindingId), ("@user", userId))
        : null;

    /// <summary>How many there are beside that one, as the transaction sees it.</summary>
    public static Task<long> CountAsync(Lane lane, string userId, CancellationToken cancel, string? except = null) =>
        lane.FirstAsync("select count(*) from factor_bindings where user_id = @user and id <> @except", row => row.GetInt64(0), cancel, ("@user", userId), ("@except", except ?? ""));

    /// <summary>Binds, and tells those who watch the account. With <paramref name="replaces"/> that binding of the same kind goes in the same commit.</summary>
    /// <param name="alone">A person has one of this kind at most.</param>
    /// <returns>
    /// Null when nothing was bound: the binding to replace is not there any more, another of a kind that stands alone is, what it would stand in for has gone,
    /// its mailbox is the account's own, or
    /// what answers for whoever binds has ended: their session, or the password of a sign-in.
    /// </returns>
    public async Task<FactorBinding?> AddAsync(string userId, NewBinding fresh, By by, CancellationToken cancel, string? replaces = null, bool alone = false)
    {
        var binding = await database.TransactAsync(lane => AddAsync(lane, userId, fresh, by, cancel, replaces, alone), cancel);
        users.Forget(userId);
        return binding;
    }

    /// <summary>In the caller's transaction.</summary>
    public async Task<FactorBinding?> AddAsync(Lane lane, string userId, NewBinding fresh, By by, CancellationToken cancel, string? replaces = null, bool alone = false)
    {
        await Users.HoldAsync(lane, userId, cancel);
        if (!await SessionEnding.LivesAsync(lane, by, cancel))
            return null;
        if (fresh.Mailbox is { } mailbox && Emails.SameMailbox(mailbox, (await Users.ReadAsync(lane, userId, cancel))?.Email))
            return null;
        if (alone || fresh.StandsIn)
        {
            var kinds = await KindsAsync(lane, userId, cancel, except: replaces);
            if ((alone && kinds.Contains(fresh.Factor)) || (fresh.StandsIn && kinds.All(kind => kind == fresh.Factor)))
                return null;
        }

        var now = clock.GetUtcNow();
        var old = replaces is null ? null : await FindAsync(lane, userId, replaces, cancel);
        if (replaces is not null && (old?.Factor != fresh.Factor || !await EndAsync(lane, old, by, now, cancel)))
            return null;
        var binding = new FactorBinding(Handles.NewId(), userId, fresh.Factor, fresh.Label, fresh.Data, fresh.LastStep, now, null);
        await lane.ExecuteAsync("""
            insert into factor_bindings (id, user_id, factor, label, sealed, last_step, created_at)
            values (@id, @user, @factor, @label, @sealed, @last_step, @now)
            """, cancel, ("@id", binding.Id), ("@user", userId), ("@factor", fresh.Factor), ("@label", fresh.Label),
            ("@sealed", protector.Seal(Purpose(fresh.Factor), fresh.Data, binding.Id)), ("@last_step", fresh.LastStep), ("@now", now.Stored()));
        // Whoever binds has just proven themselves: guesses at what was bound before count no more.
        await GuessLimits.ForgetAsync(lane, userId, fresh.Factor, cancel);
        var kind = replaces is null ? AccountChangeKind.FactorBound : AccountChangeKind.FactorRebound;
        await audit.AddAsync(lane, new(replaces is null ? "factor-bound" : "factor-rebound", by.Actor, userId, Address: by.Address, Details: fresh.Factor), cancel);
        await watchers.TellAsync(lane, new(userId, kind, by, fresh.Factor) { At = now, Bound = binding, Unbound = old }, cancel);
        return binding;
    }

    /// <summary>False when there is none, it is another's, it has to stay, or the session of whoever asks has ended.</summary>
    /// <param name="mayLeave">Whether the person may be left with these kinds, asked of what would really be left; null: with whatever is left.</param>
    public async Task<bool> RemoveAsync(string userId, string bindingId, By by, CancellationToken cancel, Func<IReadOnlyList<string>, bool>? mayLeave = null)
    {
        var removed = await database.TransactAsync(async lane =>
        {
            // Two at once must not both see the other's stay.
            await Users.HoldAsync(lane, userId, cancel);
            return (mayLeave is null || mayLeave(await KindsAsync(lane, userId, cancel, except: bindingId))) && await RemoveAsync(lane, userId, bindingId, by, cancel);
        }, cancel);
        users.Forget(userId);
        return removed;
    }

    /// <summary>In the caller's transaction.</summary>
    public async Task<bool> RemoveAsync(Lane lane, string userId, string bindingId, By by, CancellationToken cancel)
    {
        await Users.HoldAsync(lane, userId, cancel);
        var now = clock.GetUtcNow();
        if (!await SessionEnding.LivesAsync(lane, by, cancel) || await FindAsync(lane, userId, bindingId, cancel) is not { } old || !await EndAsync(lane, old, by, now, cancel))
            return false;
        await audit.AddAsync(lane, new("factor-unbound", by.Actor, userId, Address: by.Address, Details: old.Factor), cancel);
        await watchers.TellAsync(lane, new(userId, AccountChangeKind.FactorUnbound, by, old.Factor) { At = now, Unbound = old }, cancel);
        return true;
    }

    /// <summary>All of them, in the caller's transaction; the number of them. Some may go with others (<see cref="IAccountWatcher"/>) before their turn comes.</summary>
    public async Task<int> RemoveAllAsync(Lane lane, string userId, By by, CancellationToken cancel)
    {
        await Users.HoldAsync(lane, userId, cancel);
        var ids = await lane.ListAsync("select id from factor_bindings where user_id = @user order by created_at", row => row.GetString(0), cancel, ("@user", userId));
        foreach (var id in ids)
            await RemoveAsync(lane, userId, id, by, cancel);
        return ids.Count;
    }

    /// <summary>True for the one caller whose reading was still true: a code crossed off a list is crossed off once (I-3).</summary>
    public async Task<bool> ReplaceDataAsync(FactorBinding seen, byte[] data, CancellationToken cancel) =>
        await database.ExecuteAsync("update factor_bindings set sealed = @fresh, last_used_at = @now where id = @id and sealed = @seen", cancel,
            ("@id", seen.Id), ("@fresh", protector.Seal(Purpose(seen.Factor), data, seen.Id)), ("@seen", seen.Sealed), ("@now", clock.GetUtcNow().Stored())) == 1;

    /// <summary>For factors whose use leaves no other trace: the one used last is offered first.</summary>
    public Task TouchAsync(string bindingId, CancellationToken cancel) =>
        database.ExecuteAsync("update factor_bindings set last_used_at = @now where id = @id", cancel, ("@id", bindingId), ("@now", clock.GetUtcNow().Stored()));

    /// <summary>True for the one caller that uses the step; steps only move forward (I-3). A crash after it costs the person a code, never gives one away.</summary>
    public async Task<bool> AdvanceStepAsync(string bindingId, long step, CancellationToken cancel) =>
        await database.ExecuteAsync("""
            update factor_bindings set last_step = @step, last_used_at = @now where id = @id and (last_step is null or last_step < @step)
            """, cancel, ("@id", bindingId), ("@step", step), ("@now", clock.GetUtcNow().Stored())) == 1;

    private static Task<List<string>> KindsAsync(Lane lane, string userId, CancellationToken cancel, string? except = null) => lane.ListAsync(
        "select distinct factor from factor_bindings where user_id = @user and id <> @except", row => row.GetString(0), cancel, ("@user", userId), ("@except", except ?? ""));

    private Task<FactorBinding?> FindAsync(Lane lane, string userId, string bindingId, CancellationToken cancel) =>
        lane.FirstAsync(Select + " where id = @id and user_id = @user", Read, cancel, ("@id", bindingId), ("@user", userId));

    // What an operator took away nobody is to bring back.
    private static async Task<bool> EndAsync(Lane lane, FactorBinding old, By by, DateTimeOffset now, CancellationToken cancel) =>
        await FormerBindings.EndAsync(lane, "id = @id", kept: by.Actor == old.UserId, now, cancel, ("@id", old.Id)) == 1;

    private FactorBinding Read(DbDataReader row) => Read(row, protector);

    private static FactorBinding Read(DbDataReader row, SecretProtector protector)
    {
        var (id, factor) = (row.GetString(0), row.GetString(2));
        return new(id, row.GetString(1), factor, row.TextOrNull(3), protector.Open(Purpose(factor), row.Bytes(4), id),
            row.IsDBNull(5) ? null : row.GetInt64(5), row.Time(6), row.TimeOrNull(7)) { Sealed = row.Bytes(4) };
    }

    private static string Purpose(string factor) => "factor:" + factor;
}

/// <param name="Data">The factor's own, unsealed; never logged.</param>
internal sealed record FactorBinding(string Id, string UserId, string Factor, string? Label, byte[] Data, long? LastStep, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt)
{
    /// <summary>As it was read, to tell whether it changed since.</summary>
    public byte[] Sealed { get; init; } = [];

    /// <summary>Records print their members; this one must not (I-7).</summary>
    public override string ToString() => $"{Factor} {Id}";
}

/// <summary>What a factor wants to be kept for an account.</summary>
/// <param name="Label">The person's own name for it, or what it is known by (a masked address).</param>
/// <param name="LastStep">The OTP step that proved the binding, so that its code is not good once more.</param>
internal sealed record NewBinding(string Factor, string? Label, byte[] Data, long? LastStep = null)
{
    /// <summary>It stands in for a factor of another kind, and is not bound where there is none.</summary>
    public bool StandsIn { get; init; }

    /// <summary>The mailbox that it proves, if it proves one: never bound where it is the account's own.</summary>
    public string? Mailbox { get; init; }

    /// <summary>RFC 8176 values where binding it was a second factor really done (a code typed, an approval given); null where it proves nothing.</summary>
    public IReadOnlyList<string>? Amr { get; init; }

    /// <summary>The way that proved it, for a kind with several; null: none in particular, which is no proof where one way alone is accepted.</summary>
    public string? Way { get; init; }

    public override string ToString() => Factor;
}
