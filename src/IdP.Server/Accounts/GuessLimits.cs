using IdP.Server.Storage;

namespace IdP.Server.Accounts;

/// <summary>
/// How often anybody may guess at one account's password or factor: ten times, then ten quiet minutes. After a hundred in a row a factor stops until
/// something else proves the person, and a password may be tried once an hour: anybody can guess at a password, so that must not shut its owner out for good.
/// Durable and shared by all nodes (I-6). A guess is counted before it is looked at, so that parallel tries cannot slip through;
/// ten in any ten minutes holds because the window starts anew with each counted guess.
/// </summary>
internal sealed class GuessLimits(Database database, TimeProvider clock)
{
    private const string Password = "pwd";
    private const int InWindow = 10;
    private const int InRow = 100;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LongPause = TimeSpan.FromHours(1);
    // All own browsers of a person together, in ten minutes.
    private const int Together = 30;
    private static readonly TimeSpan ResetWindow = TimeSpan.FromDays(1);

    private const string Reserve = "insert into guess_counters (key, in_row, in_window, window_start) values (@key, 1, 1, @now)" + UnlessTooMany;

    private const string UnlessTooMany = """

        on conflict (key) do update set
            in_row = guess_counters.in_row + 1,
            in_window = case when guess_counters.window_start <= @edge then 1 else guess_counters.in_window + 1 end,
            window_start = @now
        where case when @no_end or guess_counters.in_row < @most_in_row
            then guess_counters.window_start <= @edge or guess_counters.in_window < @most_in_window
            else guess_counters.window_start <= @far_edge end
        """;

    // In one way to PostgreSQL, which alone understands it. The name's row first, here and everywhere: who always locks in one order is never in a deadlock.
    private const string ReserveBoth = $"""
        with by_name as ({Reserve} returning 1), by_account as (
            insert into guess_counters (key, in_row, in_window, window_start) select @account, 1, 1, @now from by_name {UnlessTooMany} returning 1)
        select (select count(*) from by_name), (select count(*) from by_account)
        """;

    // An own browser's bucket, and then the one that all of the person's share, likewise.
    private const string ReserveTogether = """
        on conflict (key) do update set
            in_row = guess_counters.in_row + 1,
            in_window = case when guess_counters.window_start <= @edge then 1 else guess_counters.in_window + 1 end,
            window_start = @now
        where guess_counters.in_row < @most_in_row and (guess_counters.window_start <= @edge or guess_counters.in_window < @together)
        """;

    private const string CountTogether = "insert into guess_counters (key, in_row, in_window, window_start) values (@all, 1, 1, @now) " + ReserveTogether;

    private const string ReserveOwn = $"""
        with by_browser as ({Reserve} returning 1), by_all as (
            insert into guess_counters (key, in_row, in_window, window_start) select @all, 1, 1, @now from by_browser {ReserveTogether} returning 1)
        select (select count(*) from by_browser), (select count(*) from by_all)
        """;

    private const string Forget = "delete from guess_counters where key = @key";
    private const string ForgetBoth = "delete from guess_counters where key in (@key, @all)";
    private const string OwnBrowsers = "(select user_id, id from trusted_devices union all select user_id, id from known_browsers)";

    // The keys as FactorKey writes them. How often anybody guessed in ten minutes stays counted.
    private const string Reopen = $"""
        update guess_counters set in_row = 0 where in_row >= @most_in_row and key in (
            select factor || ':' || user_id from factor_bindings where user_id = @user
            union all
            select factor || ':devices:' || user_id from factor_bindings where user_id = @user
            union all
            select factor || ':device:reset-' || user_id from factor_bindings where user_id = @user
            union all
            select b.factor || ':device:' || d.id from factor_bindings b join {OwnBrowsers} d on d.user_id = b.user_id where b.user_id = @user)
        """;

    private const string GiveBack = "update guess_counters set in_row = in_row - 1, in_window = in_window - 1 where key = @key and in_row > 0 and in_window > 0";

    /// <param name="device">
    /// The person's own browser that guesses, known or trusted: it has a bucket of its own, so that a stranger who uses up the account's leaves the owner a way in.
    /// </param>
    public static string FactorKey(string userId, string factor, string? device = null) => device is null ? $"{factor}:{userId}" : $"{factor}:device:{device}";

    /// <summary>
    /// A guess at what is about to be bound: ten in ten minutes, with no end after a hundred. It guards no account, since whoever binds has proven themselves
    /// before, and nothing else could open it again.
    /// </summary>
    public async Task<GuessAnswer> TryReserveBindingAsync(string userId, string factor, CancellationToken cancel)
    {
        var key = BindingKey(userId, factor);
        return await CountAsync(key, longPause: null, cancel, noEnd: true)
            ? new GuessAnswer.Allowed()
            : new GuessAnswer.TooMany(Left((await ReadAsync(key, cancel)).Last + Window));
    }

    /// <summary>The browser that used a mailed link to a new password, as the person's own: one bucket a person, ten tries a day, whichever browser and link.</summary>
    public static string AfterReset(string userId) => "reset-" + userId;

    /// <summary>
    /// A guess at a factor. Where all of the person's own browsers together have guessed too often, one of them is a stranger like any other: it could say
    /// nothing of itself as well.
    /// </summary>
    /// <param name="device">As for <see cref="FactorKey"/>.</param>
    public async Task<GuessAnswer> TryReserveAsync(string userId, string factor, string? device, CancellationToken cancel)
    {
        if (device is not null)
        {
            switch (await ReserveOwnAsync(userId, factor, device, longPause: null, cancel))
            {
                case Own.Counted: return new GuessAnswer.Allowed();
                case Own.TooMany: return await RefusedAsync(FactorKey(userId, factor, device), device == AfterReset(userId) ? ResetWindow : Window, cancel);
            }
        }

        return await TryReserveAsync(FactorKey(userId, factor), cancel);
    }

    /// <summary>A guess at a factor.</summary>
    public async Task<GuessAnswer> TryReserveAsync(string key, CancellationToken cancel)
    {
        return await CountAsync(key, longPause: null, cancel) ? new GuessAnswer.Allowed() : await RefusedAsync(key, Window, cancel);
    }

    private async Task<GuessAnswer> RefusedAsync(string key, TimeSpan window, CancellationToken cancel)
    {
        var (inRow, last) = await ReadAsync(key, cancel);
        return inRow >= InRow ? new GuessAnswer.Stopped() : new GuessAnswer.TooMany(Left(last + window));
    }

    /// <summary>
    /// A guess at a password, counted twice: by the name as it was typed, known here or not, which alone decides the words "too many"; and by the account,
    /// whose counter all its names share and which therefore must not show. Nobody has an account counter too, so that both cost the same.
    /// </summary>
    /// <param name="userId">Null when nobody has this name.</param>
    public async Task<PasswordReservation> ReservePasswordAsync(string? userId, string typedName, CancellationToken cancel)
    {
        var (name, account) = (NameKey(typedName), userId is null ? "nobody:" + HashOf(typedName) : PasswordKey(userId));
        var (byName, byAccount) = database.IsPostgres
            ? await database.FirstAsync(ReserveBoth, row => (row.GetInt64(0) == 1, row.GetInt64(1) == 1), cancel, [.. Reservation(name, LongPause), ("@account", account)])
            : await database.TransactAsync(async lane => await CountAsync(lane, name, cancel) ? (true, await CountAsync(lane, account, cancel)) : (false, false), cancel);
        if (!byName)
        {
            var (inRow, last) = await ReadAsync(name, cancel);
            return new PasswordReservation.TooMany(Left(last + (inRow >= InRow ? LongPause : Window)));
        }

        return byAccount ? new PasswordReservation.Look([name, account]) : new PasswordReservation.LookAway([name]);
    }

    /// <summary>
    /// A guess at a password in the person's own browser, from which there is nothing to hide. Null where all of them together have guessed too often: then it
    /// is counted as a stranger's.
    /// </summary>
    /// <param name="device">As for <see cref="FactorKey"/>.</param>
    public async Task<PasswordReservation?> ReserveOwnPasswordAsync(string userId, string device, CancellationToken cancel)
    {
        var key = FactorKey(userId, Password, device);
        switch (await ReserveOwnAsync(userId, Password, device, LongPause, cancel))
        {
            case Own.Counted: return new PasswordReservation.Look(device == AfterReset(userId) ? [key] : [key, AllKey(userId, Password)]);
            case Own.Together: return null;
        }

        var (inRow, last) = await ReadAsync(key, cancel);
        return new PasswordReservation.TooMany(Left(last + (device == AfterReset(userId) ? ResetWindow : inRow >= InRow ? LongPause : Window)));
    }

    /// <summary>The reserved guess was never looked at.</summary>
    public Task GiveBackAsync(PasswordReservation reservation, CancellationToken cancel) => ForEachAsync(reservation.Counted, GiveBack, cancel);

    /// <summary>
    /// A second factor was really proven: counting starts anew for it, and whichever of the person's factors a hundred wrong guesses had stopped is open again.
    /// Whoever guesses has proven nothing, so they get no more than a hundred between two proofs of the owner's. Two statements that each stand alone: if we
    /// crash between them, the next proof opens what this one did not.
    /// </summary>
    public async Task ProvenAsync(string userId, string factor, CancellationToken cancel, string? device = null)
    {
        var key = FactorKey(userId, factor, device);
        await database.ExecuteAsync(ForgetBoth, cancel, ("@key", key), ("@all", device is null ? key : AllKey(userId, factor)));
        await database.ExecuteAsync(Reopen, cancel, ("@user", userId), ("@most_in_row", InRow));
    }

    /// <summary>What was to be bound was proven.</summary>
    public Task BoundAsync(string userId, string factor, CancellationToken cancel) => database.ExecuteAsync(Forget, cancel, ("@key", BindingKey(userId, factor)));

    /// <summary>The password was right.</summary>
    /// <param name="counted">The counters that counted it.</param>
    public Task SucceededAsync(IReadOnlyList<string> counted, CancellationToken cancel) => ForEachAsync(counted, Forget, cancel);

    /// <summary>The same, in the caller's transaction.</summary>
    public static Task SucceededAsync(Lane lane, IReadOnlyList<string> counted, CancellationToken cancel) => ForEachAsync(lane, counted, Forget, cancel);

    /// <summary>
    /// An operator's word, or a new password: everything counted against this person is forgotten, in the caller's transaction - but what
    /// <see cref="AfterReset"/> has counted only where an operator says so, since every mailed link to a new password would bring ten guesses more.
    /// </summary>
    public static async Task ForgetAsync(Lane lane, string userId, CancellationToken cancel, bool afterReset = false)
    {
        var (name, email) = await lane.FirstAsync("select normalized_name, email from users where id = @id", row => (row.GetString(0), row.TextOrNull(1)), cancel, ("@id", userId));
        foreach (var typed in (string?[])[name, email])
        {
            if (typed is not null)
                await lane.ExecuteAsync(Forget, cancel, ("@key", NameKey(typed)));
        }

        await lane.ExecuteAsync(Forget, cancel, ("@key", PasswordKey(userId)));
        // As FactorKey writes them.
        await lane.ExecuteAsync("delete from guess_counters where key in (select factor || ':' || user_id from factor_bindings where user_id = @id)", cancel, ("@id", userId));
        await lane.ExecuteAsync($"delete from guess_counters where key = @all or key in (select 'pwd:device:' || id from {OwnBrowsers} d where user_id = @id)", cancel,
            ("@all", AllKey(userId, Password)), ("@id", userId));
        await lane.ExecuteAsync($"""
            delete from guess_counters where key in (
                select factor || ':devices:' || user_id from factor_bindings where user_id = @id
                union all
                select b.factor || ':device:' || d.id from factor_bindings b join {OwnBrowsers} d on d.user_id = b.user_id where b.user_id = @id)
            """, cancel, ("@id", userId));
        if (afterReset)
        {
            await lane.ExecuteAsync("""
                delete from guess_counters where key = @reset or key in (select factor || ':device:reset-' || user_id from factor_bindings where user_id = @id)
                """, cancel, ("@reset", FactorKey(userId, Password, AfterReset(userId))), ("@id", userId));
        }
    }

    /// <summary>The factor was proven anew, in the caller's transaction.</summary>
    public static Task ForgetAsync(Lane lane, string userId, string factor, CancellationToken cancel) =>
        lane.ExecuteAsync(ForgetBoth, cancel, ("@key", FactorKey(userId, factor)), ("@all", AllKey(userId, factor)));

    private async Task<Own> ReserveOwnAsync(string userId, string factor, string device, TimeSpan? longPause, CancellationToken cancel)
    {
        var key = FactorKey(userId, factor, device);
        if (device == AfterReset(userId))
        {
            TimeSpan? pause = longPause is null ? null : ResetWindow;
            return await database.ExecuteAsync(Reserve, cancel, Reservation(key, pause, window: ResetWindow)) == 1 ? Own.Counted : Own.TooMany;
        }

        (string, object?)[] all = [("@all", AllKey(userId, factor)), ("@together", Together)];
        var reservation = Reservation(key, longPause);
        var (byBrowser, byAll) = database.IsPostgres
            ? await database.FirstAsync(ReserveOwn, row => (row.GetInt64(0) == 1, row.GetInt64(1) == 1), cancel, [.. reservation, .. all])
            : await database.TransactAsync(async lane => await lane.ExecuteAsync(Reserve, cancel, reservation) == 1
                ? (true, await lane.ExecuteAsync(CountTogether, cancel, [.. reservation, .. all]) == 1) : (false, false), cancel);
        if (byBrowser && !byAll)
            await database.ExecuteAsync(GiveBack, cancel, ("@key", key));
        return !byBrowser ? Own.TooMany : byAll ? Own.Counted : Own.Together;
    }

    private static string BindingKey(string userId, string factor) => FactorKey(userId, "bind-" + factor);

    private static string AllKey(string userId, string factor) => $"{factor}:devices:{userId}";

    private static string PasswordKey(string userId) => Password + ":" + Handles.HashText(userId);

    private static string NameKey(string typedName) => "name:" + HashOf(typedName);

    private static string HashOf(string typedName) => Handles.HashText(UserNames.Normalize(typedName) ?? "");

    private async Task<bool> CountAsync(string key, TimeSpan? longPause, CancellationToken cancel, bool noEnd = false) =>
        await database.ExecuteAsync(Reserve, cancel, Reservation(key, longPause, noEnd)) == 1;

    private async Task<bool> CountAsync(Lane lane, string key, CancellationToken cancel) => await lane.ExecuteAsync(Reserve, cancel, Reservation(key, LongPause)) == 1;

    private (string, object?)[] Reservation(string key, TimeSpan? longPause, bool noEnd = false, TimeSpan? window = null)
    {
        var now = clock.GetUtcNow();
        return
        [
            ("@key", key), ("@now", now.Stored()), ("@edge", (now - (window ?? Window)).Stored()),
            ("@most_in_row", InRow), ("@most_in_window", InWindow), ("@far_edge", longPause is { } pause ? (now - pause).Stored() : long.MinValue), ("@no_end", noEnd),
        ];
    }

    /// <summary>In one commit.</summary>
    private Task ForEachAsync(IEnumerable<string> keys, string sql, CancellationToken cancel) => database.TransactAsync(lane => ForEachAsync(lane, keys, sql, cancel), cancel);

    private static async Task<bool> ForEachAsync(Lane lane, IEnumerable<string> keys, string sql, CancellationToken cancel)
    {
        foreach (var key in keys)
            await lane.AtCommitAsync(sql, cancel, ("@key", key));
        return true;
    }

    private Task<(int InRow, DateTimeOffset Last)> ReadAsync(string key, CancellationToken cancel) =>
        database.FirstAsync("select in_row, window_start from guess_counters where key = @key", row => (row.GetInt32(0), row.Time(1)), cancel, ("@key", key));

    private TimeSpan Left(DateTimeOffset until)
    {
        var wait = until - clock.GetUtcNow();
        return wait > TimeSpan.FromSeconds(1) ? wait : TimeSpan.FromSeconds(1);
    }
}

/// <summary>How an own browser's bucket answered.</summary>
internal enum Own
{
    Counted,
    TooMany,
    /// <summary>All of the person's own browsers together have guessed too often.</summary>
    Together,
}

/// <summary>May this guess at a factor be looked at? Refusals of every kind get the same words on a page.</summary>
internal abstract record GuessAnswer
{
    private GuessAnswer() { }

    public sealed record Allowed : GuessAnswer;

    public sealed record TooMany(TimeSpan RetryAfter) : GuessAnswer;

    public sealed record Stopped : GuessAnswer;
}

/// <summary>What to do with a guess at a password.</summary>
/// <param name="Counted">The counters that counted it.</param>
internal abstract record PasswordReservation(IReadOnlyList<string> Counted)
{
    public sealed record Look(IReadOnlyList<string> Counted) : PasswordReservation(Counted);

    /// <summary>This name was typed too often, whether or not anybody has it.</summary>
    public sealed record TooMany(TimeSpan RetryAfter) : PasswordReservation([]);

    /// <summary>The account was guessed at too often under whatever names: verify against nobody, at the same cost, and say "wrong".</summary>
    public sealed record LookAway(IReadOnlyList<string> Counted) : PasswordReservation(Counted);
}
