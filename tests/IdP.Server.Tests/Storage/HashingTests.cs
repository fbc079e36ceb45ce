using System.Net;
using IdP.Server.Accounts;

namespace IdP.Server.Tests.Storage;

/// <summary>The queue of slow hashes: no account and no address fills it.</summary>
public sealed class HashingTests : IDisposable
{
    private readonly HashingThreads threads = new(threads: 1, mostWaiting: 64);
    private readonly ManualResetEventSlim gate = new();
    private readonly List<string> order = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Many connections with one account's right password, from eight addresses.</summary>
    [Fact]
    public async Task Of_one_account_three_hashes_are_queued_or_running()
    {
        using var running = new ManualResetEventSlim();
        var first = threads.RunAsync(() => { running.Set(); gate.Wait(); return 0; }, Cancel, Whom("mallory", 0));
        running.Wait(Cancel);
        List<Task> taken = [first];
        for (var i = 1; i < 150; i++)
        {
            if (i < 3)
                taken.Add(HashAsync("mallory", i % 8));
            else
                await Assert.ThrowsAsync<AccountBusyException>(() => AtOnce(HashAsync("mallory", i % 8)));
        }

        // Everybody else has room.
        for (var i = 0; i < 21; i++)
            taken.Add(HashAsync("person" + i, 10 + i));
        gate.Set();
        await Task.WhenAll(taken);
        await HashAsync("mallory", 0);
    }

    [Fact]
    public async Task An_address_holds_half_of_the_queue_and_addresses_take_turns()
    {
        using var running = new ManualResetEventSlim();
        List<Task> taken = [threads.RunAsync(() => { running.Set(); gate.Wait(); return 0; }, Cancel)];
        running.Wait(Cancel);
        for (var i = 0; i < 32; i++)
            taken.Add(HashAsync("flood" + i, 1));
        var busy = await Assert.ThrowsAsync<BusyException>(() => AtOnce(HashAsync("flood32", 1)));
        Assert.IsNotType<AccountBusyException>(busy);
        taken.Add(HashAsync("alice", 2));
        taken.Add(HashAsync("bob", 3));
        taken.Add(HashAsync("carol", 2));
        gate.Set();
        await Task.WhenAll(taken);
        Assert.Equal(["flood0", "alice", "bob", "flood1", "carol", "flood2"], order.Take(6));
    }

    [Fact]
    public void Neighbours_of_one_IPv6_network_are_one_address() =>
        Assert.Equal(HashFor.Of("ALICE ", IPAddress.Parse("2001:db8::1")), HashFor.Of("alice", IPAddress.Parse("2001:db8::2")));

    public void Dispose()
    {
        gate.Set();
        threads.Dispose();
        gate.Dispose();
    }

    private Task<int> HashAsync(string account, int address) => threads.RunAsync(() =>
    {
        order.Add(account);
        return 0;
    }, Cancel, Whom(account, address));

    /// <summary>A hash that is queued instead of refused would wait for the test itself.</summary>
    private static Task AtOnce(Task hash) => hash.WaitAsync(TimeSpan.FromSeconds(10), Cancel);

    private static HashFor Whom(string account, int address) => HashFor.Of(account, IPAddress.Parse("192.0.2." + address));
}
