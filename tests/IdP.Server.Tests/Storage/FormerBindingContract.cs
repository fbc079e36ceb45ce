using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.Factors;
using IdP.Server.Storage;
using IdP.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace IdP.Server.Tests.Storage;

/// <summary>Bindings that were taken away and could come back: what is promised over SQLite and PostgreSQL alike.</summary>
public sealed class FormerBindingContract(Servers servers)
{
    private readonly FakeTimeProvider clock = new(DateTimeOffset.UnixEpoch.AddYears(56));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task What_comes_back_is_as_it_was_with_the_step_used_last(string kind)
    {
        await using var node = await StartAsync(kind);
        var (bindings, user) = (node.Get<FactorBindings>(), await AddAsync(node));
        var old = (await bindings.AddAsync(user, new("totp", "phone", [1, 2, 3], 40), new(user), Cancel))!;
        Assert.True(await bindings.AdvanceStepAsync(old.Id, 41, Cancel));
        clock.Advance(TimeSpan.FromHours(1));
        var since = clock.GetUtcNow();
        Assert.NotNull(await bindings.AddAsync(user, new("totp", "tablet", [4]), new(user), Cancel, old.Id));
        Assert.False(await bindings.AdvanceStepAsync(old.Id, 50, Cancel));

        Assert.True(await PutBackAsync(node, user, since, hadFactor: true));
        var back = Assert.Single(await bindings.ListAsync(user, Cancel));
        Assert.Equal((old.Id, "phone", 41, old.CreatedAt), (back.Id, back.Label, back.LastStep, back.CreatedAt));
        Assert.Equal(new byte[] { 1, 2, 3 }, back.Data);
        Assert.False(await bindings.AdvanceStepAsync(old.Id, 41, Cancel));
        Assert.True(await bindings.AdvanceStepAsync(old.Id, 42, Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task What_was_made_since_comes_back_by_no_other_way(string kind)
    {
        await using var node = await StartAsync(kind);
        var (bindings, user) = (node.Get<FactorBindings>(), await AddAsync(node));
        List<DateTimeOffset> moments = [];
        var old = (await bindings.AddAsync(user, new("totp", null, [1]), new(user), Cancel))!;
        var last = old;
        for (var i = 0; i < 3; i++)
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            moments.Add(clock.GetUtcNow());
            last = (await bindings.AddAsync(user, new("totp", null, [2]), new(user), Cancel, last.Id))!;
        }

        foreach (var moment in moments)
        {
            Assert.True(await PutBackAsync(node, user, moment, hadFactor: true));
            Assert.Equal(old.Id, Assert.Single(await bindings.ListAsync(user, Cancel)).Id);
        }
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Without_anything_to_bring_back_all_stays_unless_there_was_nothing(string kind)
    {
        await using var node = await StartAsync(kind);
        var (bindings, user) = (node.Get<FactorBindings>(), await AddAsync(node));
        var since = clock.GetUtcNow();
        Assert.NotNull(await bindings.AddAsync(user, new("totp", null, [1]), new(user), Cancel));
        Assert.False(await PutBackAsync(node, user, since, hadFactor: true));
        Assert.Single(await bindings.ListAsync(user, Cancel));
        Assert.True(await PutBackAsync(node, user, since, hadFactor: false));
        Assert.Empty(await bindings.ListAsync(user, Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task It_is_kept_for_as_long_as_a_link_and_what_an_operator_unbound_is_not_kept(string kind)
    {
        await using var node = await StartAsync(kind);
        var (bindings, user) = (node.Get<FactorBindings>(), await AddAsync(node));
        foreach (var by in (By[])[By.Tool("cli"), new(user)])
            Assert.True(await bindings.RemoveAsync(user, (await bindings.AddAsync(user, new("totp", null, [1]), new(user), Cancel))!.Id, by, Cancel));
        Assert.Equal(1, await KeptAsync(node));

        using var housekeeping = new Housekeeping(node.Get<Database>(), new(), clock, NullLogger<Housekeeping>.Instance);
        clock.Advance(TimeSpan.FromHours(72.5));
        await housekeeping.TidyAsync(Cancel);
        Assert.Equal(1, await KeptAsync(node));
        clock.Advance(TimeSpan.FromHours(1));
        await housekeeping.TidyAsync(Cancel);
        Assert.Equal(0, await KeptAsync(node));
    }

    /// <summary>Whoever binds in a session that all this ends comes first and is taken back, or comes second and binds nothing.</summary>
    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Nothing_bound_at_the_same_moment_is_left(string kind)
    {
        await using var node = await StartAsync(kind);
        var (bindings, user) = (node.Get<FactorBindings>(), await AddAsync(node));
        var old = (await bindings.AddAsync(user, new("totp", null, [1]), new(user), Cancel))!;
        clock.Advance(TimeSpan.FromMinutes(1));
        var since = clock.GetUtcNow();
        var (session, _) = (await node.Get<Sessions>().BeginAsync(user, Proofs.None, null, null, null, Cancel))!.Value;
        await Race.RunAsync(9, async i => i == 4
            ? await PutBackAsync(node, user, since, hadFactor: true)
            : await bindings.AddAsync(user, new("totp", null, [(byte)i]), new(user, SessionId: session.Id), Cancel) is not null);
        Assert.Equal(old.Id, Assert.Single(await bindings.ListAsync(user, Cancel)).Id);
    }

    private static Task<bool> PutBackAsync(StoreNode node, string user, DateTimeOffset since, bool hadFactor) => node.Get<Database>().TransactAsync(async lane =>
    {
        await Users.HoldAsync(lane, user, Cancel);
        await node.Get<SessionEnding>().EndAllAsync(lane, user, null, Cancel);
        return await new FormerBindings(node.Get<AuditLog>()).PutBackAsync(lane, user, since, hadFactor, By.Tool("test"), Cancel);
    }, Cancel);

    private static Task<long> KeptAsync(StoreNode node) => node.Get<Database>().FirstAsync("select count(*) from former_bindings", row => row.GetInt64(0), Cancel);

    private static async Task<string> AddAsync(StoreNode node) => (await node.Get<Users>().AddAsync(new() { UserName = "otto" }, null, "test", Cancel))!;

    private async Task<StoreNode> StartAsync(string kind) => await StoreNode.StartAsync(await servers.Real.NewDatabaseAsync(kind), clock: clock);
}
