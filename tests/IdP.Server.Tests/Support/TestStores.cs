using StackExchange.Redis;

namespace IdP.Server.Tests.Support;

/// <summary>One pair of stores, empty and nobody else's.</summary>
/// <param name="Database">The value of <c>Storage:Database</c>.</param>
/// <param name="Ephemeral">The value of <c>Storage:Ephemeral</c>.</param>
public sealed record TestStores(StorePair Pair, string Database, string Ephemeral) : IAsyncDisposable
{
    private string? folder;

    public static async Task<TestStores> FreshAsync(StorePair pair)
    {
        if (pair == StorePair.PostgresAndRedis)
            return new TestStores(pair, await Servers.NewPostgresDatabaseAsync(), Servers.NewRedisDatabase());
        var folder = Directory.CreateTempSubdirectory("idp-sqlite-").FullName;
        return new TestStores(pair, $"sqlite:{Path.Combine(folder, "idp.db")}", "memory") { folder = folder };
    }

    /// <summary>Redis as after a restart without a disk: everything in this pair's part of it is gone.</summary>
    public async Task EmptyRedisAsync()
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(Ephemeral["redis:".Length..] + ",allowAdmin=true");
        await redis.GetDatabase().ExecuteAsync("FLUSHDB");
    }

    public ValueTask DisposeAsync()
    {
        if (folder is not null)
            Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
