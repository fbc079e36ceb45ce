using IdP.Support;

namespace IdP.Server.Tests.Support;

/// <summary>One PostgreSQL and one Redis for all fixtures of a test process, started when first asked for and stopped with it. Every caller gets an empty database.</summary>
internal static class SharedServers
{
    private const int RedisDatabases = 16;

    private static readonly Lazy<Task<RealServers>> Started = new(StartAsync);
    private static int redisDatabase = -1;

    public static async Task<string> NewPostgresDatabaseAsync() => await (await Started.Value).NewDatabaseAsync("postgres");

    /// <summary>Keys are random; a database apart keeps the per-address counters of one fixture from another's.</summary>
    public static async Task<string> NewRedisDatabaseAsync() =>
        $"{(await Started.Value).Redis},defaultDatabase={Interlocked.Increment(ref redisDatabase) % RedisDatabases}";

    private static async Task<RealServers> StartAsync()
    {
        var servers = await RealServers.StartAsync();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Task.Run(() => servers.DisposeAsync().AsTask()).Wait(TimeSpan.FromSeconds(20));
        return servers;
    }
}
