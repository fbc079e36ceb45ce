using IdP.Support;

[assembly: AssemblyFixture(typeof(IdP.Server.Tests.Support.Servers))]

namespace IdP.Server.Tests.Support;

/// <summary>One PostgreSQL and one Redis for all tests of this assembly, started before the first and stopped after the last. Every caller gets an empty database.</summary>
public sealed class Servers : IAsyncLifetime
{
    private const int RedisDatabases = 16;

    private static RealServers? shared;
    private static int redisDatabase = -1;

    internal RealServers Real { get; private set; } = null!;

    public async ValueTask InitializeAsync() => shared = Real = await RealServers.StartAsync();

    public ValueTask DisposeAsync() => Real?.DisposeAsync() ?? ValueTask.CompletedTask;

    internal static Task<string> NewPostgresDatabaseAsync() => shared!.NewDatabaseAsync("postgres");

    /// <summary>Keys are random; a database apart keeps the per-address counters of one fixture from another's.</summary>
    internal static string NewRedisDatabase() => $"{shared!.Redis},defaultDatabase={Interlocked.Increment(ref redisDatabase) % RedisDatabases}";
}
