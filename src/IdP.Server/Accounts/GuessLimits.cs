using IdP.Server.Storage;

namespace IdP.Server.Accounts;

/// <summary>
/// How often anybody may guess at one account's password or factor: ten times, then ten quiet minutes; a hundred in a row, then not until
/// something else proves the person. Durable and shared by all nodes (I-6). A guess is counted before it is looked at, so that
/// parallel tries cannot slip through; ten in any ten minutes holds because the window starts anew with each counted guess.
/// </summary>
internal sealed class GuessLimits(Database database, TimeProvider clock)
{
    private const int InWindow = 10;
    private const int InRow = 100;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private const string Reserve = """
        insert into guess_counters (key, in_row, in_window, window_start) values (@key, 1, 1, @now)
        on conflict (key) do update set
            in_row = guess_counters.in_row + 1,
            in_window = case when guess_counters.window_start <= @edge then 1 else guess_counters.in_window + 1 end,
            window_start = @now
        where guess_counters.in_row < @most_in_row and (guess_counters.window_start <= @edge or guess_counters.in_window < @most_in_window)
        """;

    /// <summary>The known person's key is made from the id, an unknown one's from the name: both behave alike.</summary>
    public static string PasswordKey(string? userId, string typedName) => "pwd:" + Handles.HashText(userId ?? "?" + (UserNames.Normalize(typedName) ?? ""));

    public static string FactorKey(string userId, string factor) => $"{factor}:{userId}";

    public async Task<GuessAnswer> TryReserveAsync(string key, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var won = await database.ExecuteAsync(Reserve, cancel, ("@key", key), ("@now", now.Stored()), ("@edge", (now - Window).Stored()),
            ("@most_in_row", InRow), ("@most_in_window", InWindow)) == 1;
        if (won)
            return new GuessAnswer.Allowed();
        var (inRow, last) = await database.FirstAsync("select in_row, window_start from guess_counters where key = @key",
            row => (row.GetInt32(0), row.Time(1)), cancel, ("@key", key));
        if (inRow >= InRow)
            return new GuessAnswer.Stopped();
        var wait = last + Window - now;
        return new GuessAnswer.TooMany(wait > TimeSpan.FromSeconds(1) ? wait : TimeSpan.FromSeconds(1));
    }

    /// <summary>The reserved guess was never looked at.</summary>
    public Task GiveBackAsync(string key, CancellationToken cancel) => database.ExecuteAsync(
        "update guess_counters set in_row = in_row - 1, in_window = in_window - 1 where key = @key and in_row > 0 and in_window > 0", cancel, ("@key", key));

    /// <summary>The guess was right (or something else proved the person): counting starts anew.</summary>
    public Task SucceededAsync(string key, CancellationToken cancel) =>
        database.ExecuteAsync("delete from guess_counters where key = @key", cancel, ("@key", key));
}

/// <summary>May this guess be looked at? Refusals of every kind get the same words on a page.</summary>
internal abstract record GuessAnswer
{
    private GuessAnswer() { }

    public sealed record Allowed : GuessAnswer;

    public sealed record TooMany(TimeSpan RetryAfter) : GuessAnswer;

    public sealed record Stopped : GuessAnswer;
}
