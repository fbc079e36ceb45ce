using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IdP.Server.Accounts;
using IdP.Server.Hosting;
using IdP.Server.Storage;
using IdP.Server.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace IdP.Server.Tests.Storage;

/// <summary>The small parts that the stores stand on.</summary>
public sealed class StorageParts(Servers servers)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void A_sealed_secret_opens_for_its_purpose_and_row_only()
    {
        var protector = new SecretProtector(RandomNumberGenerator.GetBytes(32));
        var kept = protector.Seal("factor:totp", "secret"u8, "row1");
        Assert.Equal("secret", Encoding.UTF8.GetString(protector.Open("factor:totp", kept, "row1")));
        Assert.ThrowsAny<CryptographicException>(() => protector.Open("factor:totp", kept, "row2"));
        Assert.ThrowsAny<CryptographicException>(() => protector.Open("password", kept, "row1"));
        Assert.ThrowsAny<CryptographicException>(() => new SecretProtector(new byte[32]).Open("factor:totp", kept, "row1"));
        kept[^1] ^= 1;
        Assert.ThrowsAny<CryptographicException>(() => protector.Open("factor:totp", kept, "row1"));
    }

    [Fact]
    public void The_master_key_is_made_once_and_is_its_owners_alone()
    {
        var folder = Directory.CreateTempSubdirectory("idp-");
        var options = new IdpOptions { DataDirectory = Path.Combine(folder.FullName, "data") };
        Assert.Equal(MasterKey.Load(options, development: false), MasterKey.Load(options, development: false));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(options.DataDirectory, "master.key")));
        options.Storage.Database = "postgres:Host=x";
        Assert.Contains("Secrets:MasterKey", Assert.Throws<InvalidOperationException>(() => MasterKey.Load(options, development: false)).Message, StringComparison.Ordinal);
        folder.Delete(recursive: true);
    }

    [Fact]
    public void PostgreSQL_gets_our_limits_where_the_operator_says_nothing()
    {
        var ours = new NpgsqlConnectionStringBuilder(Database.WithLimits("Host=x"));
        Assert.Equal(("x", 2, 3, 64, true), (ours.Host, ours.Timeout, ours.CommandTimeout, ours.MaxAutoPrepare, ours.NoResetOnClose));
        var theirs = new NpgsqlConnectionStringBuilder(Database.WithLimits("Host=x;CommandTimeout=9;Max Auto Prepare=0"));
        Assert.Equal((2, 9, 0), (theirs.Timeout, theirs.CommandTimeout, theirs.MaxAutoPrepare));
    }

    /// <summary>Who asks for tokens does not wait behind a storm of passwords.</summary>
    [Fact]
    public async Task Threads_that_hash_give_way_to_all_others()
    {
        using var threads = new HashingThreads(1);
        var mine = Niceness();
        Assert.Equal(Math.Max(mine, 10), await threads.RunAsync(Niceness, Cancel));
        Assert.Equal(mine, Niceness());
    }

    // proc(5): the nineteenth field of stat, the seventeenth after the name in brackets.
    private static int Niceness() => int.Parse(File.ReadAllText("/proc/thread-self/stat").Split(") ")[^1].Split(' ')[16], CultureInfo.InvariantCulture);

    [Fact]
    public async Task A_cached_value_is_loaded_once_for_all_and_again_after_three_seconds()
    {
        var clock = new FakeTimeProvider();
        var cache = new TimedCache<string, int>(clock);
        var loads = 0;
        Task<int> LoadAsync(string key) => Task.FromResult(Interlocked.Increment(ref loads));
        Assert.All(await Race.RunAsync(64, async _ => await cache.GetAsync("k", LoadAsync, Cancel)), value => Assert.Equal(1, value));
        clock.Advance(TimeSpan.FromSeconds(2.9));
        Assert.Equal(1, await cache.GetAsync("k", LoadAsync, Cancel));
        clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(2, await cache.GetAsync("k", LoadAsync, Cancel));
        cache.Forget("k");
        Assert.Equal(3, await cache.GetAsync("k", LoadAsync, Cancel));
    }

    [Fact]
    public async Task An_outage_is_not_cached()
    {
        var cache = new TimedCache<string, int>(TimeProvider.System);
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await cache.GetAsync("k", _ => throw new StoreUnavailableException("away"), Cancel));
        Assert.Equal(5, await cache.GetAsync("k", _ => Task.FromResult(5), Cancel));
    }

    [Theory]
    [InlineData("sqlite", "memory", false)]
    [InlineData("postgres", "memory", false)]
    [InlineData("postgres", "redis", true)]
    public async Task A_second_node_is_refused_unless_all_state_is_shared(string kind, string ephemeral, bool allowed)
    {
        var database = await servers.Real.NewDatabaseAsync(kind);
        var store = ephemeral == "redis" ? servers.Real.Redis : "memory";
        await using var second = await StoreNode.StartAsync(database, store);
        await using (var first = await StoreNode.StartAsync(database, store))
        {
            await first.Get<NodeLease>().TakeAsync(Cancel);
            await first.Get<NodeLease>().TakeAsync(Cancel);
            if (allowed)
            {
                await second.Get<NodeLease>().TakeAsync(Cancel);
                await using var lonely = await StoreNode.StartAsync(database);
                await Assert.ThrowsAsync<SecondNodeException>(() => lonely.Get<NodeLease>().TakeAsync(Cancel));
                return;
            }

            await Assert.ThrowsAsync<SecondNodeException>(() => second.Get<NodeLease>().TakeAsync(Cancel));
        }

        await second.Get<NodeLease>().TakeAsync(Cancel);
    }

    [Fact]
    public async Task A_database_that_is_away_is_an_outage()
    {
        await using var database = new Database(new() { Storage = new() { Database = "postgres:Host=127.0.0.1;Port=1;Username=x;Database=x" } });
        await Assert.ThrowsAsync<StoreUnavailableException>(() => database.ExecuteAsync("select 1", Cancel));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => database.MigrateAsync(Cancel));
        Assert.NotNull(Outage.Find(new InvalidOperationException("wrapped", new NpgsqlException("the line is dead"))));
        Assert.Null(Outage.Find(new InvalidOperationException("a bug")));
    }

    [Fact]
    public async Task Too_many_waiting_hashes_are_turned_away()
    {
        using var threads = new HashingThreads(threads: 1, mostWaiting: 2);
        using var gate = new ManualResetEventSlim();
        using var running = new ManualResetEventSlim();
        var first = threads.RunAsync(() => { running.Set(); gate.Wait(); return 1; }, Cancel);
        running.Wait(Cancel);
        var waiting = new[] { threads.RunAsync(() => 2, Cancel), threads.RunAsync(() => 3, Cancel) };
        await Assert.ThrowsAsync<BusyException>(() => threads.RunAsync(() => 4, Cancel));
        gate.Set();
        Assert.Equal(6, (await Task.WhenAll([first, .. waiting])).Sum());
    }

    [Fact]
    public void A_hash_is_read_back_and_nonsense_is_not()
    {
        var ours = Argon2Phc.New("pass"u8.ToArray(), PasswordCost.Today);
        Assert.True(Argon2Phc.Parse(ours.ToString())!.Matches("pass"u8.ToArray()));
        Assert.False(Argon2Phc.Parse(ours.ToString())!.Matches("Pass"u8.ToArray()));
        Assert.StartsWith("$argon2id$v=19$m=19456,t=2,p=1$", ours.ToString(), StringComparison.Ordinal);
        foreach (var nonsense in (string[])["", "$2b$10$abc", "$argon2i$v=19$m=19456,t=2,p=1$AAAA$AAAA", ours.ToString().Replace("p=1", "p=4", StringComparison.Ordinal), ours.ToString().Replace("m=19456", "m=99999999", StringComparison.Ordinal)])
            Assert.Null(Argon2Phc.Parse(nonsense));
    }
}
