using IdP.Server.Storage;
using IdP.Server.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace IdP.Server.Tests.Storage;

/// <summary>Who may leave how much in the ephemeral store, over memory and Redis alike: whoever leaves too much loses the oldest of it, nobody else.</summary>
public sealed class ShareContract(Servers servers) : IAsyncDisposable
{
    // An entry of these tests costs 1,100 to 1,250 bytes.
    private const int Capacity = 640_000;
    private const int Size = 1000;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private readonly FakeTimeProvider clock = new(DateTimeOffset.UnixEpoch.AddYears(56));
    // Others use the same Redis: what all holders have together must be this test's alone.
    private readonly Share strangers = new($"test-{Handles.NewId()}", 4, 64);
    private readonly string run = Handles.NewId();
    private IEphemeralStore store = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData("memory"), InlineData("redis")]
    public async Task A_flood_of_one_stranger_pushes_out_its_own_oldest(string kind)
    {
        Open(kind);
        await SetAsync("code:1", Person("anna"));
        await SetAsync("begun:other", Stranger("192.0.2.2"));
        for (var i = 0; i < 100; i++)
            await SetAsync($"begun:{i}", Stranger("192.0.2.1"));

        Assert.Equal(100, await OldestOfAsync(100) + await LeftAsync(100));
        Assert.InRange(await LeftAsync(100), 6, 9);
        Assert.True(await IsThereAsync("code:1") && await IsThereAsync("begun:other"));
    }

    [Theory, InlineData("memory"), InlineData("redis")]
    public async Task A_flood_of_many_strangers_leaves_those_who_hold_little(string kind)
    {
        Open(kind);
        await SetAsync("code:1", Person("anna"));
        for (var n = 0; n < 5; n++)
            await SetAsync($"begun:slow{n}", Stranger($"192.0.2.{n}"));
        for (var i = 0; i < 500; i++)
            await SetAsync($"begun:{i}", Stranger($"198.51.100.{i % 50}"));

        Assert.InRange(await LeftAsync(500), 90, 150);
        for (var n = 0; n < 5; n++)
            Assert.True(await IsThereAsync($"begun:slow{n}"), $"slow{n}");
        Assert.True(await IsThereAsync("code:1"));
    }

    /// <summary>The shares of the server itself; what they are made of is the same over Redis.</summary>
    [Fact]
    public async Task Strangers_together_reach_a_small_part_of_the_store()
    {
        Open("memory");
        await SetAsync("code:1", Person("anna"));
        for (var i = 0; i < 400; i++)
            await SetAsync($"begun:{i}", Holder.Stranger($"198.51.100.{i}"));

        // A twenty-fourth of the store has room for 25 entries of this size.
        Assert.InRange(await LeftAsync(400), 20, 28);
        Assert.True(await IsThereAsync("code:1"));
    }

    [Theory, InlineData("memory"), InlineData("redis")]
    public async Task A_person_who_begins_too_much_pushes_out_their_own_oldest(string kind)
    {
        Open(kind);
        await SetAsync("code:1", Person("anna"));
        for (var i = 0; i < 100; i++)
            Assert.True(await store.AddAsync($"{run}begun:{i}", new byte[Size], Minute, Person("bob"), Cancel));
        Assert.InRange(await LeftAsync(100), 6, 9);
        Assert.True(await IsThereAsync("begun:99") && await IsThereAsync("code:1"));
    }

    [Theory, InlineData("memory"), InlineData("redis")]
    public async Task What_grows_counts_as_large_as_it_is(string kind)
    {
        Open(kind);
        for (var i = 0; i < 20; i++)
            await store.SetAsync($"{run}begun:{i}", [1], Minute, Stranger("192.0.2.1"), Cancel);
        Assert.Equal(20, await LeftAsync(20));
        for (var i = 0; i < 20; i++)
            await store.ReplaceAsync($"{run}begun:{i}", [1], new byte[Size], Minute, Stranger("192.0.2.1"), Cancel);
        Assert.InRange(await LeftAsync(20), 6, 9);
        // Written again and again it is still one.
        for (var i = 0; i < 20; i++)
            await SetAsync("begun:again", Stranger("192.0.2.2"));
        await SetAsync("begun:one-more", Stranger("192.0.2.2"));
        Assert.True(await IsThereAsync("begun:again"));
    }

    [Theory, InlineData("memory"), InlineData("redis")]
    public async Task What_is_over_counts_no_more(string kind)
    {
        Open(kind);
        var life = kind == "memory" ? Minute : TimeSpan.FromMilliseconds(60);
        for (var i = 0; i < 8; i++)
            await store.SetAsync($"{run}brief:{i}", new byte[Size], life, Stranger("192.0.2.1"), Cancel);
        clock.Advance(Minute + TimeSpan.FromSeconds(15));
        if (kind == "redis")
            await Task.Delay(life * 2, Cancel);
        for (var i = 0; i < 7; i++)
            await SetAsync($"begun:{i}", Stranger("192.0.2.1"));
        Assert.Equal(7, await LeftAsync(7));
    }

    [Fact]
    public async Task Redis_keeps_nothing_of_strangers_that_are_gone()
    {
        Open("redis");
        for (var i = 0; i < 200; i++)
            await store.SetAsync($"{run}brief:{i}", new byte[10], TimeSpan.FromMilliseconds(20), Stranger($"192.0.2.{i}"), Cancel);
        await Task.Delay(40, Cancel);
        for (var i = 0; i < 200; i++)
            await SetAsync("begun:1", Stranger("198.51.100.1"));
        await using var redis = await ConnectionMultiplexer.ConnectAsync(servers.Real.Redis["redis:".Length..]);
        var (share, total) = ($"idp:held:{strangers.Name}", $"idp:held:{strangers.Name}#");
        Assert.InRange(await redis.GetDatabase().SortedSetLengthAsync(share), 1, 5);
        Assert.Equal((double)await redis.GetDatabase().StringGetAsync(total), (await redis.GetDatabase().SortedSetRangeByRankWithScoresAsync(share)).Sum(entry => entry.Score));
    }

    [Fact]
    public async Task Redis_bounds_the_counters_of_addresses()
    {
        await using var small = new RedisStore(servers.Real.Redis["redis:".Length..] + ",defaultDatabase=15", capacity: 8 * 250 * 20);
        for (var i = 0; i < 100; i++)
            Assert.Equal(1, await small.CountAsync($"{Share.CounterPrefix}{run}{i}", Minute, Cancel));
        Assert.Equal(2, await small.CountAsync($"{Share.CounterPrefix}{run}99", Minute, Cancel));
        Assert.Equal(1, await small.CountAsync($"{Share.CounterPrefix}{run}0", Minute, Cancel));
    }

    public async ValueTask DisposeAsync()
    {
        if (store is RedisStore redis)
            await redis.DisposeAsync();
        else
            (store as MemoryStore)?.Dispose();
    }

    private void Open(string kind) => store = kind == "redis"
        ? new RedisStore(servers.Real.Redis["redis:".Length..], Capacity)
        : new MemoryStore(clock, Capacity);

    private Holder Stranger(string address) => new(strangers, address);

    private Holder Person(string name) => Holder.Person(run + name);

    private Task SetAsync(string key, Holder holder) => store.SetAsync(run + key, new byte[Size], Minute, holder, Cancel);

    private async Task<bool> IsThereAsync(string key) => await store.GetAsync(run + key, Cancel) is not null;

    /// <summary>How many of the flood are left.</summary>
    private async Task<int> LeftAsync(int of)
    {
        var left = 0;
        for (var i = 0; i < of; i++)
            left += await IsThereAsync($"begun:{i}") ? 1 : 0;
        return left;
    }

    /// <summary>How many of the flood are gone before the first that is left.</summary>
    private async Task<int> OldestOfAsync(int of)
    {
        var gone = 0;
        while (gone < of && !await IsThereAsync($"begun:{gone}"))
            gone++;
        return gone;
    }
}
