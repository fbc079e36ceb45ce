using System.Data.Common;
using System.Text.Json;
using IdP.Server.Audit;
using IdP.Server.Storage;
using IdP.Server.Storage.Protocol;

namespace IdP.Server.Accounts;

/// <summary>The people of this server. Reads by id come from memory and are at most three seconds old; every change commits with its audit row.</summary>
internal sealed class Users(Database database, Passwords passwords, SessionEnding ending, AuditLog audit, AccountWatchers watchers, TimeProvider clock)
{
    private const string Select = """
        select u.id, u.user_name, u.email, u.email_verified, u.name, u.locale, u.claims_json, u.disabled, u.is_admin, u.updated_at, b.factor, u.password_changed_at,
            u.groups, u.preferred_factor, u.binding_skips, b.last_used_at, b.id, b.created_at, u.epoch
        from users u left join factor_bindings b on b.user_id = u.id
        """;

    private readonly TimedCache<string, UserRecord?> byId = new(clock);

    /// <summary>Null when nobody has this id. Disabled people are returned; callers decide.</summary>
    public ValueTask<UserRecord?> FindAsync(string id, CancellationToken cancel) => byId.GetAsync(id, ReadAsync, cancel);

    /// <summary>By user name, else by an e-mail address that exactly one person has. Always fresh.</summary>
    public async Task<UserRecord?> FindByLoginAsync(string typed, CancellationToken cancel)
    {
        if (UserNames.Normalize(typed) is not { } login)
            return null;
        var found = await ListAsync(Select + " where u.normalized_name = @login or u.email = @login order by u.id", cancel, ("@login", login));
        return found.Find(user => UserNames.Normalize(user.UserName) == login) ?? (found.Count == 1 ? found[0] : null);
    }

    public Task<List<UserRecord>> ListAsync(CancellationToken cancel) => ListAsync(Select + " order by u.normalized_name, b.created_at", cancel);

    public async Task<bool> AnyAdminAsync(CancellationToken cancel) =>
        await database.FirstAsync("select count(*) from users where is_admin", row => row.GetInt64(0), cancel) > 0;

    /// <summary>The new id; null when the name is taken or is not a name (<see cref="UserNames.Normalize"/>).</summary>
    public async Task<string?> AddAsync(UserDraft draft, string? password, string actor, CancellationToken cancel)
    {
        if (UserNames.Normalize(draft.UserName) is null)
            return null;
        var id = Handles.NewId();
        var secret = password is null ? null : await passwords.HashAsync(id, password, cancel);
        return await database.TransactAsync(lane => AddAsync(lane, id, draft, secret, actor, cancel), cancel) ? id : null;
    }

    /// <summary>In the caller's transaction. False when the name is taken.</summary>
    /// <param name="secret">From <see cref="Passwords.HashAsync"/> for this id; null for a person who cannot sign in with a password.</param>
    public async Task<bool> AddAsync(Lane lane, string id, UserDraft draft, byte[]? secret, string actor, CancellationToken cancel)
    {
        var now = clock.GetUtcNow().Stored();
        var added = await lane.ExecuteAsync("""
            insert into users (id, user_name, normalized_name, email, email_verified, name, locale, claims_json, groups, password_sealed, password_changed_at, epoch, is_admin, disabled, binding_skips, created_at, updated_at)
            values (@id, @user_name, @normalized_name, @email, @email_verified, @name, @locale, @claims_json, @groups, @password, @changed, 0, @is_admin, false, 0, @now, @now)
            on conflict (normalized_name) do nothing
            """, cancel, [.. Values(id, draft, now), ("@password", secret), ("@changed", secret is null ? null : now)]);
        if (added == 0)
            return false;
        await audit.AddAsync(lane, new("user-added", actor, id), cancel);
        return true;
    }

    /// <summary>Everything but the password. False when there is no such person or the name is another's.</summary>
    public async Task<bool> UpdateAsync(string id, UserDraft draft, By by, CancellationToken cancel)
    {
        if (UserNames.Normalize(draft.UserName) is null)
            return false;
        return await ChangeAsync(id, lane => UpdateAsync(lane, id, draft, by, cancel), cancel);
    }

    /// <summary>In the caller's transaction.</summary>
    public async Task<bool> UpdateAsync(Lane lane, string id, UserDraft draft, By by, CancellationToken cancel)
    {
        await HoldAsync(lane, id, cancel);
        var before = await EmailAsync(lane, id, cancel);
        var changed = await AuditedAsync(lane, new("user-changed", by.Actor, id, Address: by.Address), lane.ExecuteAsync("""
            update users set user_name = @user_name, normalized_name = @normalized_name, email = @email, email_verified = @email_verified,
                name = @name, locale = @locale, claims_json = @claims_json, groups = @groups, is_admin = @is_admin, updated_at = @now
            where id = @id and not exists (select 1 from users other where other.normalized_name = @normalized_name and other.id <> @id)
            """, cancel, Values(id, draft, clock.GetUtcNow().Stored())), cancel);
        if (changed && before?.Address != (await EmailAsync(lane, id, cancel))?.Address)
            await watchers.TellAsync(lane, new(id, AccountChangeKind.EmailChanged, by) { OldEmail = before }, cancel);
        return changed;
    }

    /// <summary>What a person may say of themselves, and nothing else: a record read a moment ago must not bring back what an operator has changed since.</summary>
    public async Task SetProfileAsync(string id, string? name, string? locale, By by, CancellationToken cancel)
    {
        await database.TransactAsync(lane => AuditedAsync(lane, new("profile-changed", by.Actor, id, Address: by.Address),
            lane.ExecuteAsync("update users set name = @name, locale = @locale, updated_at = @now where id = @id", cancel,
                ("@id", id), ("@name", name), ("@locale", locale), ("@now", clock.GetUtcNow().Stored())), cancel), cancel);
        byId.Forget(id);
    }

    /// <summary>The address there was before somebody else changed it, and what was known of it.</summary>
    public Task<bool> RestoreEmailAsync(Lane lane, string id, KnownEmail before, By by, CancellationToken cancel) =>
        AuditedAsync(lane, new("email-restored", by.Actor, id, Address: by.Address),
            lane.ExecuteAsync("update users set email = @email, email_verified = @verified, updated_at = @now where id = @id", cancel,
                ("@id", id), ("@email", before.Address), ("@verified", before.Verified), ("@now", clock.GetUtcNow().Stored())), cancel);

    /// <summary>No password is right any more, and no proof made with one; a link to a new one is the way in.</summary>
    public Task<bool> DropPasswordAsync(Lane lane, string id, By by, CancellationToken cancel) =>
        AuditedAsync(lane, new("password-dropped", by.Actor, id, Address: by.Address),
            lane.ExecuteAsync("update users set password_sealed = null, password_changed_at = @now, updated_at = @now where id = @id", cancel, ("@id", id), ("@now", clock.GetUtcNow().Stored())), cancel);

    /// <summary>As the transaction sees the person; bound factors are not read.</summary>
    public static Task<UserRecord?> ReadAsync(Lane lane, string id, CancellationToken cancel) =>
        lane.FirstAsync(Select + " where u.id = @id", Read, cancel, ("@id", id));

    /// <summary>
    /// Whoever changes how a person gets in begins with this, in its transaction, before rows that hang on the person: such changes come one after the other,
    /// each sees what the one before has done, and locks are always taken in one order.
    /// </summary>
    public static Task HoldAsync(Lane lane, string id, CancellationToken cancel) => lane.ExecuteAsync("update users set disabled = disabled where id = @id", cancel, ("@id", id));

    /// <summary>Holds the person likewise; what was proven before counts for nothing once this commits.</summary>
    public static Task RaiseEpochAsync(Lane lane, string id, CancellationToken cancel) => lane.ExecuteAsync("update users set epoch = epoch + 1 where id = @id", cancel, ("@id", id));

    private static Task<KnownEmail?> EmailAsync(Lane lane, string id, CancellationToken cancel) =>
        lane.FirstAsync("select email, email_verified from users where id = @id", row => row.TextOrNull(0) is { } email ? new KnownEmail(email, row.GetBoolean(1)) : null, cancel, ("@id", id));

    /// <summary>Wrong guesses at this person's password and factors are forgotten; nothing else changes.</summary>
    public Task UnlockAsync(string id, string actor, CancellationToken cancel) => database.TransactAsync(async lane =>
    {
        await GuessLimits.ForgetAsync(lane, id, cancel, afterReset: true);
        await audit.AddAsync(lane, new("user-unlocked", actor, id), cancel);
        return true;
    }, cancel);

    /// <summary>A disabled person's sessions and tokens end with the same commit; one who is enabled again may guess anew.</summary>
    public Task<bool> SetDisabledAsync(string id, bool disabled, By by, CancellationToken cancel) =>
        ChangeAsync(id, lane => SetDisabledAsync(lane, id, disabled, by, cancel), cancel);

    /// <summary>In the caller's transaction.</summary>
    public async Task<bool> SetDisabledAsync(Lane lane, string id, bool disabled, By by, CancellationToken cancel)
    {
        await HoldAsync(lane, id, cancel);
        if (disabled)
        {
            await ending.EndAllAsync(lane, id, exceptSid: null, cancel);
            await watchers.TellAsync(lane, new(id, AccountChangeKind.AccountDisabled, by), cancel);
        }
        else
        {
            await RaiseEpochAsync(lane, id, cancel);
            await GuessLimits.ForgetAsync(lane, id, cancel, afterReset: true);
        }

        return await AuditedAsync(lane, new(disabled ? "user-disabled" : "user-enabled", by.Actor, id, Address: by.Address),
            lane.ExecuteAsync("update users set disabled = @disabled, updated_at = @now where id = @id", cancel,
                ("@id", id), ("@disabled", disabled), ("@now", clock.GetUtcNow().Stored())), cancel);
    }

    /// <summary>
    /// Removes the person, ends every session and token, and deletes what belongs to them; audit rows stay. False when there is no such person.
    /// </summary>
    public Task<bool> RemoveAsync(string id, By by, CancellationToken cancel) => ChangeAsync(id, async lane =>
    {
        await HoldAsync(lane, id, cancel);
        if (await ReadAsync(lane, id, cancel) is not { } person)
            return false;
        await EndEverythingAsync(lane, id, cancel);
        await watchers.TellAsync(lane, new(id, AccountChangeKind.AccountRemoved, by), cancel);
        foreach (var table in (string[])["sessions", "refresh_families", "consents", "one_time_links"])
            await lane.ExecuteAsync($"delete from {table} where user_id = @id", cancel, ("@id", id));
        await lane.ExecuteAsync("delete from users where id = @id", cancel, ("@id", id));
        // The name, because no row is left that tells whose id it was.
        await audit.AddAsync(lane, new("user-removed", by.Actor, id, Address: by.Address, Details: person.UserName), cancel);
        return true;
    }, cancel);

    /// <summary>
    /// An operator's word for somebody who has lost their second factors: all of them go, and with them every session, token and trusted device, since
    /// whoever has the lost phone may have opened one. The number of bindings removed.
    /// </summary>
    /// <param name="removeBindings">Removes them in the same transaction; the number of them.</param>
    public async Task<int> ResetFactorsAsync(string id, Func<Lane, Task<int>> removeBindings, By by, CancellationToken cancel)
    {
        var removed = 0;
        await ChangeAsync(id, async lane =>
        {
            await HoldAsync(lane, id, cancel);
            if ((removed = await removeBindings(lane)) == 0)
                return false;
            await EndEverythingAsync(lane, id, cancel);
            await audit.AddAsync(lane, new("factors-reset", by.Actor, id, Address: by.Address), cancel);
            return true;
        }, cancel);
        return removed;
    }

    private async Task EndEverythingAsync(Lane lane, string id, CancellationToken cancel)
    {
        await ending.EndAllAsync(lane, id, exceptSid: null, cancel);
        await ending.EndClientAsync(lane, id, clientId: null, cancel);
        await GuessLimits.ForgetAsync(lane, id, cancel);
    }

    /// <summary>
    /// Ends every session but <paramref name="exceptSid"/>, and every token: whoever knew the old password may have taken some in that session too.
    /// Wrong guesses are forgotten. False when there is no such person, or the session of whoever asks has ended.
    /// </summary>
    public async Task<bool> SetPasswordAsync(string id, string password, By by, string? exceptSid, CancellationToken cancel) =>
        await SetPasswordAsync(id, await passwords.HashAsync(id, password, cancel), by, exceptSid, cancel);

    /// <param name="secret">From <see cref="Passwords.HashAsync"/> for this id.</param>
    public Task<bool> SetPasswordAsync(string id, byte[] secret, By by, string? exceptSid, CancellationToken cancel) =>
        ChangeAsync(id, lane => SetPasswordAsync(lane, id, secret, by, exceptSid, cancel), cancel);

    /// <summary>In the caller's transaction.</summary>
    public async Task<bool> SetPasswordAsync(Lane lane, string id, byte[] secret, By by, string? exceptSid, CancellationToken cancel)
    {
        await HoldAsync(lane, id, cancel);
        if (!await SessionEnding.LivesAsync(lane, by, cancel))
            return false;
        await ending.EndAllAsync(lane, id, exceptSid, cancel);
        await ending.EndClientAsync(lane, id, clientId: null, cancel);
        await GuessLimits.ForgetAsync(lane, id, cancel);
        await watchers.TellAsync(lane, new(id, AccountChangeKind.PasswordChanged, by), cancel);
        return await AuditedAsync(lane, new("password-changed", by.Actor, id, Address: by.Address),
            lane.ExecuteAsync("update users set password_sealed = @secret, password_changed_at = @now, updated_at = @now where id = @id", cancel,
                ("@id", id), ("@secret", secret), ("@now", clock.GetUtcNow().Stored())), cancel);
    }

    /// <summary>The sealed hash; null for nobody and for a person without a password.</summary>
    public Task<byte[]?> ReadPasswordAsync(string id, CancellationToken cancel) =>
        database.FirstAsync("select password_sealed from users where id = @id", row => row.BytesOrNull(0), cancel, ("@id", id));

    /// <summary>Costs the same for nobody (null), for somebody without a password, and for a wrong one.</summary>
    /// <returns>The person's epoch, read together with the hash, when the password is right; null when it is not.</returns>
    /// <exception cref="BusyException">Too many hashes are waiting.</exception>
    public async Task<int?> CheckPasswordAsync(string? id, string password, CancellationToken cancel, HashFor whom = default)
    {
        // Asked for nobody too, so that the database's share of the time says nothing either.
        var (kept, epoch) = await database.FirstAsync(
            "select password_sealed, epoch from users where id = @id", row => (row.BytesOrNull(0), row.GetInt32(1)), cancel, ("@id", id ?? ""));
        if (!await passwords.VerifyAsync(id ?? "", kept, password, cancel, whom))
            return null;
        if (passwords.NeedsRehash(id!, kept!))
        {
            var fresh = await passwords.HashAsync(id!, password, cancel, whom with { Account = null });
            await database.ExecuteAsync("update users set password_sealed = @fresh where id = @id and password_sealed = @kept", cancel, ("@id", id), ("@fresh", fresh), ("@kept", kept));
        }

        return epoch;
    }

    /// <summary>Which factor this person is asked for first; null: the one used last.</summary>
    public async Task PreferFactorAsync(string id, string? factor, By by, CancellationToken cancel)
    {
        await database.TransactAsync(async lane =>
        {
            await lane.ExecuteAsync("update users set preferred_factor = @factor where id = @id", cancel, ("@id", id), ("@factor", factor));
            await audit.AddAsync(lane, new("factor-preferred", by.Actor, id, Address: by.Address, Details: factor), cancel);
            return true;
        }, cancel);
        byId.Forget(id);
    }

    /// <summary>Somebody changed what a record shows, a factor for one: this node reads it anew.</summary>
    public void Forget(string id) => byId.Forget(id);

    private async Task<bool> ChangeAsync(string id, Func<Lane, Task<bool>> change, CancellationToken cancel)
    {
        var changed = await database.TransactAsync(change, cancel);
        byId.Forget(id);
        await ending.TellAsync(cancel);
        return changed;
    }

    private async Task<bool> AuditedAsync(Lane lane, AuditEntry entry, Task<int> change, CancellationToken cancel)
    {
        if (await change == 0)
            return false;
        await audit.AddAsync(lane, entry, cancel);
        return true;
    }

    private async Task<UserRecord?> ReadAsync(string id) =>
        (await ListAsync(Select + " where u.id = @id order by b.created_at", CancellationToken.None, ("@id", id))).FirstOrDefault();

    private async Task<List<UserRecord>> ListAsync(string sql, CancellationToken cancel, params (string, object?)[] values)
    {
        var rows = await database.ListAsync(sql, row => (User: Read(row), Bound: ReadBinding(row), UsedAt: row.TimeOrNull(15)), cancel, values);
        return [.. rows.GroupBy(row => row.User.Id).Select(same => same.First().User with
        {
            Bindings = [.. same.OrderByDescending(row => row.UsedAt).Select(row => row.Bound).OfType<BoundFactor>()
                .OrderByDescending(bound => bound.Factor == same.First().User.PreferredFactor)],
        })];
    }

    private static BoundFactor? ReadBinding(DbDataReader row) =>
        row.TextOrNull(16) is { } id ? new BoundFactor(id, row.GetString(10), row.Time(17)) : null;

    private static UserRecord Read(DbDataReader row) => new()
    {
        Id = row.GetString(0), UserName = row.GetString(1), Email = row.TextOrNull(2), EmailVerified = row.GetBoolean(3),
        Name = row.TextOrNull(4), Locale = row.TextOrNull(5),
        Claims = row.TextOrNull(6) is { } json ? JsonSerializer.Deserialize(json, AccountJson.Default.DictionaryStringJsonElement)! : [],
        Disabled = row.GetBoolean(7), IsAdmin = row.GetBoolean(8), UpdatedAt = row.Time(9), PasswordChangedAt = row.TimeOrNull(11),
        Groups = row.TextOrNull(12)?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [], PreferredFactor = row.TextOrNull(13), BindingSkips = row.GetInt32(14),
        Epoch = row.GetInt32(18),
    };

    private static (string, object?)[] Values(string id, UserDraft draft, long now) =>
    [
        ("@id", id), ("@user_name", draft.UserName.Trim()), ("@normalized_name", UserNames.Normalize(draft.UserName)),
        ("@email", draft.Email is null ? null : UserNames.Normalize(draft.Email)), ("@email_verified", draft.EmailVerified),
        ("@name", draft.Name), ("@locale", draft.Locale),
        ("@claims_json", draft.Claims.Count == 0 ? null : JsonSerializer.Serialize(draft.Claims, AccountJson.Default.DictionaryStringJsonElement)),
        ("@groups", draft.Groups.Count == 0 ? null : string.Join(' ', draft.Groups)), ("@is_admin", draft.IsAdmin), ("@now", now),
    ];
}
