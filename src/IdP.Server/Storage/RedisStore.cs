using StackExchange.Redis;

namespace IdP.Server.Storage;

/// <summary>The ephemeral store of many nodes. Every key has a lifetime; every command ends within about a second, or fails as an outage.</summary>
internal sealed class RedisStore : IEphemeralStore, IAsyncDisposable
{
    private const string Prefix = "idp:";

    private const string Replace = """
        if redis.call('GET', KEYS[1]) == ARGV[1] then
            redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
            return 1
        end
        return 0
        """;

    private const string Count = """
        local count = redis.call('INCR', KEYS[1])
        if count == 1 then
            redis.call('PEXPIRE', KEYS[1], ARGV[1])
        end
        return count
        """;

    private readonly Lazy<Task<ConnectionMultiplexer>> connection;

    /// <param name="target">HOST:PORT[,option=value]... as StackExchange.Redis reads it.</param>
    public RedisStore(string target)
    {
        var options = ConfigurationOptions.Parse(target);
        options.AbortOnConnectFail = false;
        options.ConnectTimeout = 1000;
        options.AsyncTimeout = 1000;
        options.SyncTimeout = 1000;
        // Timeouts are looked for at every heartbeat; and nothing queues for a server that is away.
        options.HeartbeatInterval = TimeSpan.FromMilliseconds(250);
        options.BacklogPolicy = BacklogPolicy.FailFast;
        connection = new(() => ConnectionMultiplexer.ConnectAsync(options));
    }

    public Task SetAsync(string key, byte[] value, TimeSpan life, CancellationToken cancel) =>
        AskAsync(redis => redis.StringSetAsync(Prefix + key, value, Life(life)));

    public async ValueTask<byte[]?> GetAsync(string key, CancellationToken cancel) => await AskAsync(redis => redis.StringGetAsync(Prefix + key));

    public async Task<byte[]?> TakeAsync(string key, CancellationToken cancel) => await AskAsync(redis => redis.StringGetDeleteAsync(Prefix + key));

    public Task<bool> AddAsync(string key, byte[] value, TimeSpan life, CancellationToken cancel) =>
        AskAsync(redis => redis.StringSetAsync(Prefix + key, value, Life(life), when: When.NotExists));

    public async Task<bool> ReplaceAsync(string key, byte[] expected, byte[] value, TimeSpan life, CancellationToken cancel) =>
        (long)await AskAsync(redis => redis.ScriptEvaluateAsync(Replace, [Prefix + key], [expected, value, Milliseconds(life)])) == 1;

    public async Task<long> CountAsync(string key, TimeSpan window, CancellationToken cancel) =>
        (long)await AskAsync(redis => redis.ScriptEvaluateAsync(Count, [Prefix + key], [Milliseconds(window)]));

    public Task RemoveAsync(string key, CancellationToken cancel) => AskAsync(redis => redis.KeyDeleteAsync(Prefix + key));

    public async ValueTask DisposeAsync()
    {
        if (connection.IsValueCreated)
            await (await connection.Value).DisposeAsync();
    }

    private async Task<T> AskAsync<T>(Func<IDatabase, Task<T>> question)
    {
        try
        {
            return await question((await connection.Value).GetDatabase());
        }
        catch (Exception problem) when (Outage.Find(problem) is { } outage)
        {
            throw outage;
        }
    }

    private static long Milliseconds(TimeSpan life) => Math.Max(1, (long)life.TotalMilliseconds);

    private static TimeSpan Life(TimeSpan life) => TimeSpan.FromMilliseconds(Milliseconds(life));
}
