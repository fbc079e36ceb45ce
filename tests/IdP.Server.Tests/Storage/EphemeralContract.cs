using IdP.Server.Storage;
using IdP.Server.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace IdP.Server.Tests.Storage;

/// <summary>What every ephemeral store promises, over memory and Redis alike.</summary>
public sealed class EphemeralContract(Servers servers) : IAsyncDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly Holder Anna = Holder.Person("anna");
    private readonly List<IEphemeralStore> opened = [];
    private readonly FakeTimeProvider clock = new(DateTimeOffset.UnixEpoch.AddYears(56));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData("memory"), InlineData("redis")]
    public async Task What_is_set_is_read_back_until_it_is_removed(string kind)
    {
        var (store, key) = Open(kind);
        await store.SetAsync(key, [1, 2, 0, 255], Minute, Anna, Cancel);
        Assert.Equal(new byte[] { 1, 2, 0, 255 }, await store.GetAsync(key, Cancel));
        await store.SetAsync(key, [3], Minute, Anna, Cancel);
        Assert.Equal(new byte[] { 3 }, await store.GetAsync(key, Cancel));
        await store.RemoveAsync(key, Cancel);
        Assert.Null(await store.GetAsync(key, Cancel));
    }

    [Theory, InlineData("memory"), InlineData("redis")]
    public async Task One_of_64_takes(string kind)
    {
        var (store, key) = Open(kind);
        await store.SetAsync(key, [7], Minute, Anna, Cancel);
        var taken = await Race.RunAsync(64, _ => store.TakeAsync(key, Cancel));
        Assert.Single(taken, value => value is not null);
        Assert.Null(await store.GetAsync(key, Cancel));
    }

    [Theory, InlineData("memory"), InlineData("redis")]
    public async Task One_of_64_adds_and_its_value_stays(string kind)
    {
        var (store, key) = Open(kind);
        var added = await Race.RunAsync(64, i => store.AddAsync(key, [(byte)i], Minute, Anna, Cancel));
        Assert.Single(added, won => won);
        Assert.Equal(new byte[] { (byte)Array.IndexOf(added, true) }, await store.GetAsync(key, Cancel));
    }

    [Theory, InlineData("memory"), InlineData("redis")]
    public async Task One_of_64_replaces(string kind)
    {
        var (store, key) = Open(kind);
        await store.SetAsync(key, [200], Minute, Anna, Cancel);
        var replaced = await Race.RunAsync(64, i => store.ReplaceAsync(key, [200], [(byte)i], Minute, Anna, Cancel));
        Assert.Single(replaced, won => won);
        Assert.Equal(new byte[] { (byte)Array.IndexOf(replaced, true) }, await store.GetAsync(key, Cancel));
        Assert.False(await store.ReplaceAsync(key + "absent", [], [1], Minute, Anna, Cancel));
        Assert.Null(await store.GetAsync(key + "absent", Cancel));
    }

    [Theory, InlineData("memory"), InlineData("redis")]
    public async Task No_count_is_lost_among_64(string kind)
    {
        var (store, key) = Open(kind);
        var counts = await Race.RunAsync(64, _ => store.CountAsync(key, Minute, Cancel));
        Assert.Equal(Enumerable.Range(1, 64).Select(i => (long)i), counts.Order());
    }

    [Fact]
    public async Task Memory_forgets_when_the_time_is_over_and_a_count_does_not_prolong_its_window()
    {
        var (store, key) = Open("memory");
        await store.SetAsync(key, [1], Minute, Anna, Cancel);
        await store.CountAsync(key + "n", Minute, Cancel);
        clock.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(2, await store.CountAsync(key + "n", Minute, Cancel));
        clock.Advance(TimeSpan.FromSeconds(21));
        Assert.Null(await store.GetAsync(key, Cancel));
        Assert.Null(await store.TakeAsync(key, Cancel));
        Assert.True(await store.AddAsync(key, [2], Minute, Anna, Cancel));
        Assert.Equal(1, await store.CountAsync(key + "n", Minute, Cancel));
    }

    [Fact]
    public async Task Memory_refuses_a_flood_and_recovers_when_it_has_expired()
    {
        using var store = new MemoryStore(clock, capacity: 64_000);
        await Assert.ThrowsAsync<StoreUnavailableException>(async () =>
        {
            for (var i = 0; i < 1000; i++)
                await store.SetAsync($"flood:{i}", new byte[500], Minute, Holder.Person($"person{i}"), Cancel);
        });
        clock.Advance(TimeSpan.FromSeconds(75));
        await store.SetAsync("after", new byte[1000], Minute, Anna, Cancel);
        Assert.NotNull(await store.GetAsync("after", Cancel));
    }

    /// <summary>Whoever has many addresses makes a counter for each: sign-ins must not wait for their end.</summary>
    [Fact]
    public async Task Memory_lets_a_flood_of_addresses_push_out_only_addresses()
    {
        using var store = new MemoryStore(clock, capacity: 64_000);
        await store.SetAsync("signin:1", new byte[1000], Minute, Anna, Cancel);
        for (var i = 0; i < 1000; i++)
            Assert.Equal(1, await store.CountAsync($"addr:20010DB800000000:{i:000}", Minute, Cancel));
        Assert.Equal(2, await store.CountAsync("addr:20010DB800000000:999", Minute, Cancel));
        Assert.NotNull(await store.GetAsync("signin:1", Cancel));
        Assert.True(await store.AddAsync("code:after", new byte[1000], Minute, Anna, Cancel));
    }

    [Fact]
    public async Task Every_key_in_Redis_has_a_lifetime()
    {
        var (store, key) = Open("redis");
        await store.SetAsync(key + "1", [1], Minute, Anna, Cancel);
        await store.AddAsync(key + "2", [1], Minute, Anna, Cancel);
        await store.ReplaceAsync(key + "1", [1], [2], Minute, Anna, Cancel);
        await store.CountAsync(key + "3", Minute, Cancel);
        await store.CountAsync(key + "3", Minute, Cancel);
        await store.CountAsync(key + "4", TimeSpan.Zero, Cancel);
        await store.CountAsync(Share.CounterPrefix + key, Minute, Cancel);
        await store.SetAsync(key + "5", [1], Minute, Holder.Stranger(key), Cancel);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(servers.Real.Redis["redis:".Length..]);
        var keys = redis.GetServers()[0].Keys(pattern: "idp:*").ToList();
        Assert.NotEmpty(keys);
        // -1: there is none. Others' keys may be over before they are asked about, which is -2.
        Assert.All(keys, name => Assert.NotEqual(-1, (long)redis.GetDatabase().Execute("TTL", name.ToString())));
    }

    [Fact]
    public async Task Redis_that_is_away_is_an_outage_within_two_seconds()
    {
        var store = new RedisStore("127.0.0.1:1");
        opened.Add(store);
        var started = TimeProvider.System.GetTimestamp();
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.GetAsync("x", Cancel));
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(2.5));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in opened)
        {
            if (store is RedisStore redis)
                await redis.DisposeAsync();
            else
                ((MemoryStore)store).Dispose();
        }
    }

    private (IEphemeralStore Store, string Key) Open(string kind)
    {
        IEphemeralStore store = kind == "redis" ? new RedisStore(servers.Real.Redis["redis:".Length..]) : new MemoryStore(clock);
        opened.Add(store);
        return (store, $"test:{Handles.NewId()}");
    }
}
