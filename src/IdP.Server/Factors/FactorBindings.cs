using System.Data.Common;
using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.Storage;

namespace IdP.Server.Factors;

/// <summary>Second factors bound to accounts, one generic table for all kinds. A factor's own data is sealed for that factor and that binding.</summary>
internal sealed class FactorBindings(Database database, SecretProtector protector, Users users, AuditLog audit, TimeProvider clock)
{
    private const string Select = "select id, user_id, factor, label, sealed, last_step, created_at, last_used_at from factor_bindings";

    /// <summary>Oldest first.</summary>
    public Task<List<FactorBinding>> ListAsync(string userId, CancellationToken cancel) =>
        database.ListAsync(Select + " where user_id = @user order by created_at", Read, cancel, ("@user", userId));

    /// <summary>Null when there is none, or it is another's.</summary>
    public Task<FactorBinding?> FindAsync(string userId, string bindingId, CancellationToken cancel) =>
        database.FirstAsync(Select + " where id = @id and user_id = @user", Read, cancel, ("@id", bindingId), ("@user", userId));

    /// <param name="lastStep">The OTP step that proved the binding, so that its code is not good once more.</param>
    public async Task<FactorBinding> AddAsync(string userId, string factor, string? label, byte[] data, long? lastStep, string actor, CancellationToken cancel)
    {
        var binding = await database.TransactAsync(lane => AddAsync(lane, userId, factor, label, data, lastStep, actor, cancel), cancel);
        users.Forget(userId);
        return binding;
    }

    /// <summary>In the caller's transaction.</summary>
    public async Task<FactorBinding> AddAsync(Lane lane, string userId, string factor, string? label, byte[] data, long? lastStep, string actor, CancellationToken cancel)
    {
        var binding = new FactorBinding(Handles.NewId(), userId, factor, label, data, lastStep, clock.GetUtcNow(), null);
        await lane.ExecuteAsync("""
            insert into factor_bindings (id, user_id, factor, label, sealed, last_step, created_at)
            values (@id, @user, @factor, @label, @sealed, @last_step, @now)
            """, cancel, ("@id", binding.Id), ("@user", userId), ("@factor", factor), ("@label", label),
            ("@sealed", protector.Seal(Purpose(factor), data, binding.Id)), ("@last_step", lastStep), ("@now", binding.CreatedAt.Stored()));
        // Whoever binds has just proven themselves: guesses at what was bound before count no more.
        await GuessLimits.ForgetAsync(lane, userId, factor, cancel);
        await audit.AddAsync(lane, new("factor-bound", actor, userId, Details: factor), cancel);
        return binding;
    }

    /// <summary>False when there is none, or it is another's.</summary>
    public async Task<bool> RemoveAsync(string userId, string bindingId, string actor, CancellationToken cancel)
    {
        var removed = await database.TransactAsync(lane => RemoveAsync(lane, userId, bindingId, actor, cancel), cancel);
        users.Forget(userId);
        return removed;
    }

    /// <summary>In the caller's transaction.</summary>
    public async Task<bool> RemoveAsync(Lane lane, string userId, string bindingId, string actor, CancellationToken cancel)
    {
        var factor = await lane.FirstAsync("select factor from factor_bindings where id = @id and user_id = @user", row => row.GetString(0), cancel, ("@id", bindingId), ("@user", userId));
        if (factor is null || await lane.ExecuteAsync("delete from factor_bindings where id = @id and user_id = @user", cancel, ("@id", bindingId), ("@user", userId)) == 0)
            return false;
        await audit.AddAsync(lane, new("factor-unbound", actor, userId, Details: factor), cancel);
        return true;
    }

    /// <summary>True for the one caller that uses the step; steps only move forward (I-3). A crash after it costs the person a code, never gives one away.</summary>
    public async Task<bool> AdvanceStepAsync(string bindingId, long step, CancellationToken cancel) =>
        await database.ExecuteAsync("""
            update factor_bindings set last_step = @step, last_used_at = @now where id = @id and (last_step is null or last_step < @step)
            """, cancel, ("@id", bindingId), ("@step", step), ("@now", clock.GetUtcNow().Stored())) == 1;

    private FactorBinding Read(DbDataReader row)
    {
        var (id, factor) = (row.GetString(0), row.GetString(2));
        return new(id, row.GetString(1), factor, row.TextOrNull(3), protector.Open(Purpose(factor), row.Bytes(4), id),
            row.IsDBNull(5) ? null : row.GetInt64(5), row.Time(6), row.TimeOrNull(7));
    }

    private static string Purpose(string factor) => "factor:" + factor;
}

/// <param name="Data">The factor's own, unsealed; never logged.</param>
internal sealed record FactorBinding(string Id, string UserId, string Factor, string? Label, byte[] Data, long? LastStep, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt);
