using IdP.Server.Storage;

namespace IdP.Server.Hosting;

/// <summary>
/// At start a store that is away is waited for: machines come up in any order. What no waiting mends (a wrong password, a file that cannot be
/// written) is not waited for.
/// </summary>
internal sealed class StartPatience(TimeProvider clock, ILogger<StartPatience> log)
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(5);

    /// <param name="store">"the database", "Redis": for the log.</param>
    /// <param name="work">May be called again after it threw.</param>
    /// <param name="waiting">Called once, when the first try was in vain.</param>
    /// <exception cref="StoreUnavailableException">The store is still away after <see cref="Limit"/>.</exception>
    public async Task UntilThereAsync(string store, Func<Task> work, Func<Task> waiting, CancellationToken cancel)
    {
        var started = clock.GetTimestamp();
        TimeSpan? said = null;
        while (true)
        {
            StoreUnavailableException outage;
            try
            {
                await work();
                if (said is not null)
                    log.LogInformation("Start: {Store} is there after {Seconds} s", store, (int)clock.GetElapsedTime(started).TotalSeconds);
                return;
            }
            catch (Exception problem) when (Outage.MayPass(problem))
            {
                outage = Outage.Find(problem)!;
            }

            var waited = clock.GetElapsedTime(started);
            if (waited >= Limit)
                throw outage;
            if (said is null)
                await waiting();
            if (said is null || waited - said >= BetweenLines)
            {
                log.LogWarning("Start: {Store} is away, waiting for it ({Seconds} s more): {Reason}",
                    store, (int)(Limit - waited).TotalSeconds, (outage.InnerException ?? outage).Message);
                said = waited;
            }

            await Task.Delay(BetweenTries, clock, cancel);
        }
    }
}
