using System.Security.Cryptography;
using IdP.Server.Hosting;

namespace IdP.Server.Storage;

/// <summary>Removes what can no longer matter, in small batches, every few minutes; nodes are spread by chance.</summary>
internal sealed class Housekeeping(Database database, IdpOptions options, TimeProvider clock, ILogger<Housekeeping> log) : BackgroundService
{
    private const int Batch = 500;

    /// <summary>Table, key, and what is over. Ended sessions and families stay a week for the person's own list and for questions afterwards.</summary>
    private static readonly (string Table, string Key, string Over)[] Rounds =
    [
        ("used_codes", "key", "key < @codes_from"),
        // The last number stays: the next one is counted from it.
        ("revocations", "key", "until < @now and seq < (select max(seq) from revocations)"),
        ("reference_tokens", "hash", "expires_at < @now"),
        ("refresh_families", "handle", "absolute_expiry < @now or sliding_expiry < @week_ago or ended_at < @week_ago"),
        ("sessions", "id", "expires_at < @week_ago or ended_at < @week_ago"),
        // An hour longer than any link that could bring them back.
        ("former_bindings", "id", "ended_at < @links_from"),
        // The tombstone says for a year what became of a device.
        ("trusted_devices", "id", "expires_at < @year_ago or ended_at < @year_ago"),
        // Every row with such a time is over, whoever's it is.
        ("known_browsers", "last_seen_at", "last_seen_at < @known_from"),
        ("one_time_links", "hash", "expires_at < @week_ago"),
        // In a row below the limit that stops a factor: a hundred stay a hundred.
        ("guess_counters", "key", "window_start < @year_ago and in_row < 100"),
        // What was typed as a name, and what stands for nobody: anybody makes as many of these as they like.
        ("guess_counters", "key", "window_start < @day_ago and (key like 'name:%' or key like 'nobody:%')"),
        ("audit", "id", "at < @audit_from"),
        // Limits count a day back; no attempt is made after two.
        ("outbox", "id", "created_at < @week_ago"),
    ];

    /// <summary>What a mail said is nobody's business once it is out, or never will be.</summary>
    private const string ForgetMails = "update outbox set sealed = null where sealed is not null and (sent_at < @hour_ago or failed_at < @hour_ago)";

    /// <summary>The number of rows removed.</summary>
    public async Task<int> TidyAsync(CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var removed = 0;
        foreach (var (table, key, over) in Rounds)
        {
            int gone;
            do
            {
                gone = await database.ExecuteAsync($"delete from {table} where {key} in (select {key} from {table} where {over} limit {Batch})", cancel,
                    ("@now", now.Stored()), ("@codes_from", UsedCodes.Before(now - UsedCodes.Memory)), ("@week_ago", now.AddDays(-7).Stored()), ("@links_from", now.AddHours(-73).Stored()), ("@year_ago", now.AddYears(-1).Stored()),
                    ("@day_ago", now.AddDays(-1).Stored()), ("@known_from", now.AddDays(-400).Stored()), ("@audit_from", now.AddDays(-options.Audit.RetentionDays).Stored()));
                removed += gone;
            }
            while (gone == Batch);
        }

        await database.ExecuteAsync(ForgetMails, cancel, ("@hour_ago", now.AddHours(-1).Stored()));
        return removed;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(RandomNumberGenerator.GetInt32(180, 360)), clock, stoppingToken);
            try
            {
                await TidyAsync(stoppingToken);
            }
            catch (StoreUnavailableException)
            {
                log.LogWarning("Housekeeping was put off: the database did not answer.");
            }
        }
    }
}
