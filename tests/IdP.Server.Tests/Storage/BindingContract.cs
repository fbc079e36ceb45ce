using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Storage;

/// <summary>What is bound, when many change it at once: over SQLite and PostgreSQL, from two nodes where there may be two.</summary>
public sealed class BindingContract(Servers servers)
{
    private const int Callers = 16;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Of_many_at_once_one_binds_what_stands_alone(string kind)
    {
        var (nodes, user) = await StartAsync(kind);
        await using var first = nodes[0];
        await using var second = nodes[1];
        var bound = await Race.RunAsync(Callers, n => Bindings(nodes, n).AddAsync(user, new("recovery", null, [1]), By.Tool("test"), Cancel, alone: true));
        var won = Assert.Single(bound, binding => binding is not null)!;

        // In its own place it may be made anew, by one again.
        var anew = await Race.RunAsync(Callers, n => Bindings(nodes, n).AddAsync(user, new("recovery", null, [2]), By.Tool("test"), Cancel, won.Id, alone: true));
        Assert.Equal(Assert.Single(anew, binding => binding is not null)!.Id, Assert.Single(await Bindings(nodes, 0).ListAsync(user, Cancel)).Id);
        // One of another kind is nobody's rival.
        Assert.NotNull(await Bindings(nodes, 0).AddAsync(user, new("email", null, [3]), By.Tool("test"), Cancel, alone: true));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Of_two_who_unbind_the_last_two_one_is_refused_where_one_must_stay(string kind)
    {
        var (nodes, user) = await StartAsync(kind);
        await using var first = nodes[0];
        await using var second = nodes[1];
        List<string> ids = [];
        for (var n = 0; n < 2; n++)
            ids.Add((await Bindings(nodes, n).AddAsync(user, new("totp", null, [1]), By.Tool("test"), Cancel))!.Id);

        // Whoever looks gives the other a second to look as well: were that possible, each would see the one that the other is about to take away.
        using var looking = new CountdownEvent(2);
        var removed = await Race.RunAsync(2, n => Bindings(nodes, n).RemoveAsync(user, ids[n], By.Tool("test"), Cancel, left =>
        {
            looking.Signal();
            looking.Wait(TimeSpan.FromSeconds(1), Cancel);
            return left.Contains("totp");
        }));
        Assert.Single(removed, false);
        Assert.Equal(ids[removed.IndexOf(false)], Assert.Single(await Bindings(nodes, 0).ListAsync(user, Cancel)).Id);
    }

    private static FactorBindings Bindings(StoreNode[] nodes, int caller) => nodes[caller % nodes.Length].Get<FactorBindings>();

    private async Task<(StoreNode[] Nodes, string User)> StartAsync(string kind)
    {
        var database = await servers.Real.NewDatabaseAsync(kind);
        StoreNode[] nodes = [await StoreNode.StartAsync(database), await StoreNode.StartAsync(database)];
        return (nodes, (await nodes[0].Get<Users>().AddAsync(new() { UserName = "otto" }, null, "test", Cancel))!);
    }
}
