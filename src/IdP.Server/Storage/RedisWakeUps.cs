using StackExchange.Redis;

namespace IdP.Server.Storage;

/// <summary>
/// For many nodes: one channel for all topics, so that a node has one subscription however many wait. The connection subscribes anew by itself after Redis was
/// away; a first attempt that fails is made again when the next one listens.
/// </summary>
internal sealed partial class RedisWakeUps(RedisStore redis, ILogger<RedisWakeUps> log) : IWakeUps
{
    private static readonly RedisChannel Channel = RedisChannel.Literal("idp:wake");

    private readonly LocalListeners here = new();
    private int subscribed;

    public async Task WakeAsync(string topic, CancellationToken cancel)
    {
        // Those on this node need not go by way of Redis.
        here.Wake(topic);
        try
        {
            await (await redis.ConnectAsync()).GetSubscriber().PublishAsync(Channel, topic);
        }
        catch (Exception problem) when (Outage.Find(problem) is not null)
        {
            LogLost(problem.GetType().Name);
        }
    }

    public Listener Listen(string topic)
    {
        if (Interlocked.Exchange(ref subscribed, 1) == 0)
            _ = SubscribeAsync();
        return here.Add(topic);
    }

    private async Task SubscribeAsync()
    {
        try
        {
            await (await redis.ConnectAsync()).GetSubscriber().SubscribeAsync(Channel, (_, topic) => here.Wake(topic.ToString()));
        }
        catch (Exception problem) when (Outage.Find(problem) is not null)
        {
            LogLost(problem.GetType().Name);
            Volatile.Write(ref subscribed, 0);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Redis took no wake-up ({Problem}); whoever waits looks again by themselves")]
    private partial void LogLost(string problem);
}
