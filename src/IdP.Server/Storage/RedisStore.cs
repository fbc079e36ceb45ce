using StackExchange.Redis;

namespace IdP.Server.Storage;

/// <summary>
/// The ephemeral store of many nodes. Every key has a lifetime; every command ends within about a second, or fails as an outage.
/// One server (with replicas), not a cluster: the scripts touch keys that they find as they run.
/// </summary>
internal sealed class RedisStore : IEphemeralStore, IAsyncDisposable
{
    private const string Prefix = "idp:";
    /// <summary>A counter and its place in the list of counters, in bytes of Redis.</summary>
    private const int CounterCost = 250;

    private readonly Lazy<Task<ConnectionMultiplexer>> connection;
    private readonly long capacity;

    /// <param name="target">HOST:PORT[,option=value]... as StackExchange.Redis reads it.</param>
    /// <param name="capacity">Bytes, of which shares get their parts; the server's own limit (maxmemory) may be another one.</param>
    public RedisStore(string target, long capacity = MemoryStore.UsualCapacity)
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
        this.capacity = capacity;
    }

    public Task SetAsync(string key, byte[] value, TimeSpan life, Holder holder, CancellationToken cancel) =>
        WriteAsync("set", key, RedisValue.EmptyString, value, life, holder);

    public async ValueTask<byte[]?> GetAsync(string key, CancellationToken cancel) => await AskAsync(redis => redis.StringGetAsync(Prefix + key));

    public async Task<byte[]?> TakeAsync(string key, CancellationToken cancel) => await AskAsync(redis => redis.StringGetDeleteAsync(Prefix + key));

    public Task<bool> AddAsync(string key, byte[] value, TimeSpan life, Holder holder, CancellationToken cancel) =>
        WriteAsync("add", key, RedisValue.EmptyString, value, life, holder);

    public Task<bool> ReplaceAsync(string key, byte[] expected, byte[] value, TimeSpan life, Holder holder, CancellationToken cancel) =>
        WriteAsync("replace", key, expected, value, life, holder);

    public async Task<long> CountAsync(string key, TimeSpan window, CancellationToken cancel)
    {
        var most = key.StartsWith(Share.CounterPrefix, StringComparison.Ordinal) ? capacity / Share.OfCounters / CounterCost : 0;
        return (long)await AskAsync(redis => redis.ScriptEvaluateAsync(
            RedisScripts.Count, [Prefix + key, Prefix + "counters"], [Milliseconds(window), most]));
    }

    public Task RemoveAsync(string key, CancellationToken cancel) => AskAsync(redis => redis.KeyDeleteAsync(Prefix + key));

    /// <summary>The connection, for what is more than keys and values.</summary>
    public Task<ConnectionMultiplexer> ConnectAsync() => connection.Value;

    public async ValueTask DisposeAsync()
    {
        if (connection.IsValueCreated)
            await (await connection.Value).DisposeAsync();
    }

    private async Task<bool> WriteAsync(string mode, string key, RedisValue expected, byte[] value, TimeSpan life, Holder holder)
    {
        var share = $"{Prefix}held:{holder.Share.Name}";
        return (long)await AskAsync(redis => redis.ScriptEvaluateAsync(
            RedisScripts.Write,
            [Prefix + key, $"{share}:{holder.Name}", share],
            [mode, expected, value, Milliseconds(life), capacity / holder.Share.OfEach, holder.Share.OfAll is { } part ? capacity / part : 0])) == 1;
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
}
