using System.Data.Common;
using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.DeviceTrust;
using IdP.Server.Factors;
using IdP.Server.Storage;
using IdP.Server.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace IdP.Server.Tests.Storage;

/// <summary>I-9: a change that cannot be written down does not happen, and what did not happen is not written down.</summary>
public sealed class AuditContract(Servers servers)
{
    private readonly FakeTimeProvider clock = new(DateTimeOffset.UnixEpoch.AddYears(56));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Refusals_of_one_kind_are_summed_by_the_hour(string kind)
    {
        await using var node = await StoreNode.StartAsync(await servers.Real.NewDatabaseAsync(kind), clock: clock);
        var audit = node.Get<AuditLog>();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => audit.SumAsync(new("refused", Address: "192.0.2.1"), "one", Cancel), Cancel)));
        clock.Advance(TimeSpan.FromMinutes(30));
        await audit.SumAsync(new("refused", Address: "192.0.2.1"), "one", Cancel);
        await audit.SumAsync(new("refused", Address: "192.0.2.2"), "two", Cancel);
        clock.Advance(TimeSpan.FromMinutes(31));
        await audit.SumAsync(new("refused", Address: "192.0.2.1"), "one", Cancel);
        await audit.WriteAsync(new("written-one-by-one"), Cancel);
        await audit.WriteAsync(new("written-one-by-one"), Cancel);
        Assert.Equal(
            ["refused 192.0.2.1 21 +30", "refused 192.0.2.2 1 +0", "refused 192.0.2.1 1 +0", "written-one-by-one  1 +", "written-one-by-one  1 +"],
            await node.Get<Database>().ListAsync("select action, address, count, (last_at - at) / 60000 from audit order by id",
                row => $"{row.GetString(0)} {row.TextOrNull(1)} {row.GetInt32(2)} +{(row.IsDBNull(3) ? null : row.GetInt64(3))}", Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_change_and_its_audit_row_stand_or_fall_together(string kind)
    {
        await using var node = await StoreNode.StartAsync(await servers.Real.NewDatabaseAsync(kind), clock: clock);
        var (database, users, bindings) = (node.Get<Database>(), node.Get<Users>(), node.Get<FactorBindings>());
        var user = (await users.AddAsync(new() { UserName = "uma" }, null, "test", Cancel))!;
        var bound = (await bindings.AddAsync(user, new("totp", null, [1]), By.Tool("test"), Cancel))!;
        Func<Task>[] changes =
        [
            () => bindings.AddAsync(user, new("email", null, [2]), By.Tool("test"), Cancel),
            () => bindings.RemoveAsync(user, bound.Id, By.Tool("test"), Cancel),
            () => node.Get<Consents>().GiveAsync(user, "web", ["openid"], Cancel),
            () => users.AddAsync(new() { UserName = "another" }, null, "test", Cancel),
            () => node.Get<Sessions>().BeginAsync(user, Proofs.None with { PasswordAt = clock.GetUtcNow() }, "x", null, null, Cancel),
            () => database.TransactAsync(lane => node.Get<TrustedDevices>().GiveAsync(lane, user, [new("totp", "the totp", clock.GetUtcNow(), ["otp"])], By.Tool("test"), Cancel), Cancel),
            // Whoever is disabled begins no session.
            () => users.SetDisabledAsync(user, true, By.Tool("test"), Cancel),
        ];
        var before = await StateAsync();
        foreach (var change in changes)
        {
            await database.ExecuteAsync("alter table audit rename to audit_away", Cancel);
            await Assert.ThrowsAnyAsync<DbException>(change);
            await database.ExecuteAsync("alter table audit_away rename to audit", Cancel);
            Assert.Equal(before, await StateAsync());
        }

        await Assert.ThrowsAsync<InvalidOperationException>(() => database.TransactAsync<bool>(async lane =>
        {
            await bindings.AddAsync(lane, user, new("email", null, [2]), By.Tool("test"), Cancel);
            throw new InvalidOperationException("The change does not happen after all.");
        }, Cancel));
        Assert.Equal(before, await StateAsync());

        // And each of them is a change with a row.
        foreach (var change in changes)
        {
            var rows = await CountAsync("audit");
            await change();
            Assert.True(await CountAsync("audit") > rows);
        }

        async Task<string> StateAsync() => string.Join(' ', await Task.WhenAll(((string[])
            ["audit", "users", "users where disabled", "factor_bindings", "former_bindings", "consents", "sessions", "trusted_devices", "revocations"]).Select(CountAsync)));

        Task<long> CountAsync(string what) => database.FirstAsync("select count(*) from " + what, row => row.GetInt64(0), Cancel);
    }
}
