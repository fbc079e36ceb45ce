using IdP.Protocol;
using IdP.Server.Accounts;
using IdP.Server.DeviceTrust;
using IdP.Server.Factors;
using IdP.Server.Mail;
using IdP.Server.Storage;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Storage;

/// <summary>A person who is removed leaves nothing but audit rows, on both databases.</summary>
public sealed class RemovalContract(Servers servers)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Nothing_of_a_removed_person_is_left_in_any_table(string kind)
    {
        await using var node = await StoreNode.StartAsync(await servers.Real.NewDatabaseAsync(kind));
        var (database, users) = (node.Get<Database>(), node.Get<Users>());
        var (alice, bob) = (await FillAsync(node, "alice"), await FillAsync(node, "bob"));
        var tables = await TablesAsync(database, kind);
        // A table that is added later is filled here too, or this test says so.
        foreach (var table in tables)
            Assert.True(await CountAsync(database, table, alice) > 0, $"nothing of alice is in {table}");
        var before = await Task.WhenAll(tables.Select(table => CountAsync(database, table, bob)));
        var sid = (await node.Get<Sessions>().ListAsync(alice, Cancel))[0].Session.Id;

        Assert.True(await users.RemoveAsync(alice, By.Tool("cli"), Cancel));
        foreach (var table in tables.Except(["audit"]))
            Assert.True(await CountAsync(database, table, alice) == 0, $"something of alice is left in {table}");
        Assert.Null(await users.FindAsync(alice, Cancel));
        Assert.Null(await users.FindByLoginAsync("alice", Cancel));
        Assert.Equal(1, await database.FirstAsync("select count(*) from revocations where key = @key", row => row.GetInt64(0), Cancel, ("@key", "sid:" + sid)));
        Assert.Equal("alice", await database.FirstAsync("select details from audit where action = 'user-removed'", row => row.GetString(0), Cancel));

        Assert.Equal(before, await Task.WhenAll(tables.Select(table => CountAsync(database, table, bob))));
        Assert.False(await users.RemoveAsync(alice, By.Tool("cli"), Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_reset_of_factors_ends_whatever_a_lost_phone_may_have_opened(string kind)
    {
        await using var node = await StoreNode.StartAsync(await servers.Real.NewDatabaseAsync(kind));
        var (users, bindings) = (node.Get<Users>(), node.Get<FactorBindings>());
        var (alice, bob) = (await FillAsync(node, "alice"), await FillAsync(node, "bob"));
        Assert.Equal(1, await users.ResetFactorsAsync(alice, lane => bindings.RemoveAllAsync(lane, alice, By.Tool("cli"), Cancel), By.Tool("cli"), Cancel));
        Assert.Empty(await bindings.ListAsync(alice, Cancel));
        Assert.Empty(await node.Get<Sessions>().ListAsync(alice, Cancel));
        Assert.Empty(await node.Get<TrustedDevices>().ListAsync(alice, null, Cancel));
        Assert.Equal(0, await node.Get<Database>().FirstAsync(
            "select count(*) from refresh_families where user_id = @user and ended_at is null", row => row.GetInt64(0), Cancel, ("@user", alice)));
        Assert.NotEmpty(await bindings.ListAsync(bob, Cancel));
        Assert.NotEmpty(await node.Get<Sessions>().ListAsync(bob, Cancel));
        Assert.NotNull(await users.FindAsync(alice, Cancel));
    }

    private static async Task<string> FillAsync(StoreNode node, string name)
    {
        var me = (await node.Get<Users>().AddAsync(new() { UserName = name, Email = name + "@example.com" }, "correct horse battery", "test", Cancel))!;
        var (database, bindings, by) = (node.Get<Database>(), node.Get<FactorBindings>(), new By(me));
        var former = (await bindings.AddAsync(me, new("totp", null, [1]), by, Cancel))!;
        await bindings.AddAsync(me, new("totp", null, [2]), by, Cancel, replaces: former.Id);
        var now = node.Get<TimeProvider>().GetUtcNow();
        await node.Get<Sessions>().BeginAsync(me, Proofs.None with { PasswordAt = now }, "agent", "192.0.2.1", null, Cancel);
        await node.Get<Consents>().GiveAsync(me, "web", ["openid"], Cancel);
        await database.TransactAsync(async lane =>
        {
            await node.Get<TrustedDevices>().GiveAsync(lane, me, [new("totp", "the totp", now, ["otp"])], by, Cancel);
            await node.Get<KnownBrowsers>().SeenAsync(lane, me, [Handles.New()], by, Cancel);
            await node.Get<Outbox>().AddAsync(lane, node.Get<Mails>().Test(new MailTo(me, name + "@example.com", "en", TimeZoneInfo.Utc)), Cancel);
            var links = new OneTimeLinks(database, node.Get<SecretProtector>(), node.Get<TimeProvider>());
            await links.MakeAsync(lane, "not-me", me, [1], TimeSpan.FromHours(1), Cancel);
            await lane.ExecuteAsync("""
                insert into refresh_families (handle, grant_id, user_id, session_id, client_id, grant_json, current_hash, salt, sliding_expiry, absolute_expiry)
                values (@handle, @handle, @user, 'none', 'web', '{}', @hash, @hash, @end, @end)
                """, Cancel, ("@handle", Handles.NewId()), ("@user", me), ("@hash", new byte[] { 1 }), ("@end", now.AddDays(1).Stored()));
            return true;
        }, Cancel);
        return me;
    }

    private static Task<List<string>> TablesAsync(Database database, string kind) => database.ListAsync(kind == "sqlite"
        ? "select m.name from sqlite_master m join pragma_table_info(m.name) c where m.type = 'table' and c.name = 'user_id'"
        : "select table_name::text from information_schema.columns where table_schema = 'public' and column_name = 'user_id'", row => row.GetString(0), Cancel);

    private static Task<long> CountAsync(Database database, string table, string user) =>
        database.FirstAsync($"select count(*) from {table} where user_id = @user", row => row.GetInt64(0), Cancel, ("@user", user));
}
