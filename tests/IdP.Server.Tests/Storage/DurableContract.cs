using System.Data.Common;
using System.Globalization;
using IdP.Protocol;
using IdP.Server.Accounts;
using IdP.Server.Storage;
using IdP.Server.Storage.Protocol;
using IdP.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace IdP.Server.Tests.Storage;

/// <summary>Codes, refresh families and revocations: what they promise over SQLite and PostgreSQL alike.</summary>
public sealed class DurableContract(Servers servers)
{
    private readonly FakeTimeProvider clock = new(DateTimeOffset.UnixEpoch.AddYears(56));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task One_of_64_redeems_a_code_and_the_others_end_what_it_gave(string kind)
    {
        await using var node = await StartAsync(kind);
        var (content, codes) = (Content(), node.Get<ICodes>());
        var code = await codes.StoreAsync(content, Cancel);
        Assert.Equivalent(content, await codes.FindAsync(code, Cancel));

        var families = Enumerable.Range(0, 64).Select(_ => Family()).ToArray();
        var won = await Race.RunAsync(64, i => codes.ConsumeAsync(code, content, families[i], Cancel));

        Assert.Single(won, true);
        var made = await Task.WhenAll(families.Select(f => node.Get<IRefreshFamilies>().FindAsync(f.Handle, Cancel).AsTask()));
        Assert.True(Assert.Single(made, f => f is not null)!.Ended);
        Assert.True(node.Get<IRevocations>().IsRevoked("x", content.Grant.Id, null));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task One_of_64_redeems_a_code_that_brings_no_family(string kind)
    {
        await using var node = await StartAsync(kind);
        var (code, content) = (Handles.New(), Content());
        Assert.Single(await Race.RunAsync(64, _ => node.Get<ICodes>().ConsumeAsync(code, content, null, Cancel)), true);
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_replay_within_an_hour_after_the_content_is_gone_still_ends_what_the_code_gave(string kind)
    {
        await using var node = await StartAsync(kind);
        var (content, family, codes) = (Content(), Family(), node.Get<ICodes>());
        var (code, another) = (await codes.StoreAsync(content, Cancel), await codes.StoreAsync(Content(), Cancel));
        Assert.True(await codes.ConsumeAsync(code, content, family, Cancel));
        Assert.False((await node.Get<IRefreshFamilies>().FindAsync(family.Handle, Cancel))!.Ended);
        clock.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal(0, await TidyAsync(node, clock.GetUtcNow()));

        foreach (var strange in new[] { another, Handles.New(), "", "\0", new string('é', 48) })
            await codes.NoteReplayAsync(strange, Cancel);
        Assert.False(node.Get<IRevocations>().IsRevoked("x", content.Grant.Id, null));
        await codes.NoteReplayAsync(code, Cancel);
        Assert.True(node.Get<IRevocations>().IsRevoked("x", content.Grant.Id, null));
        Assert.True((await node.Get<IRefreshFamilies>().FindAsync(family.Handle, Cancel))!.Ended);
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Marks_of_used_codes_go_in_the_order_of_time(string kind)
    {
        await using var node = await StartAsync(kind);
        var (codes, content) = (node.Get<ICodes>(), Content());
        for (var minute = 0; minute < 3; minute++)
            Assert.True(await codes.ConsumeAsync(Handles.New(), Content() with { ExpiresAt = content.ExpiresAt.AddMinutes(minute) }, null, Cancel));
        var hour = content.ExpiresAt.AddHours(1);
        Assert.Equal(0, await TidyAsync(node, hour));
        Assert.Equal(1, await TidyAsync(node, hour.AddSeconds(1)));
        Assert.Equal(2, await TidyAsync(node, hour.AddMinutes(3)));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_code_that_says_no_time_is_none_even_when_its_content_is_there(string kind)
    {
        await using var node = await StartAsync(kind);
        var (codes, ephemeral) = (node.Get<ICodes>(), node.Get<SealedStore>());
        var code = await codes.StoreAsync(Content(), Cancel);
        var kept = await ephemeral.GetAsync("code:" + Handles.HashText(code), Cancel);
        Assert.NotNull(kept);
        foreach (var old in new[] { Handles.New(), code[..47], code + "A", code[..47] + "." })
        {
            await ephemeral.SetAsync("code:" + Handles.HashText(old), kept.Value.Value, TimeSpan.FromMinutes(1), Holder.Person("anna"), Cancel);
            Assert.Null(await codes.FindAsync(old, Cancel));
        }
        Assert.NotNull(await codes.FindAsync(code, Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task One_of_64_rotates_a_family(string kind)
    {
        await using var node = await StartAsync(kind);
        var (content, family, families) = (Content(), Family(), node.Get<IRefreshFamilies>());
        await node.Get<ICodes>().ConsumeAsync(Handles.New(), content, family, Cancel);

        var now = clock.GetUtcNow();
        var won = await Race.RunAsync(64, i => families.RotateAsync(family.Handle, family.SecretHash, [(byte)i], [9], now, now.AddDays(2), Cancel));

        Assert.Single(won, true);
        var moved = (await families.FindAsync(family.Handle, Cancel))!;
        Assert.Equal(new byte[] { (byte)Array.IndexOf(won, true) }, moved.CurrentHash);
        Assert.Equal(family.SecretHash, moved.PreviousHash);
        Assert.Equal(new byte[] { 9 }, moved.Salt);
        Assert.Equal((now, now.AddDays(2)), (moved.RotatedAt!.Value, moved.SlidingExpiry));
        Assert.Equivalent(content.Grant, moved.Grant);
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task An_ended_or_expired_family_does_not_rotate(string kind)
    {
        await using var node = await StartAsync(kind);
        var (content, family, other, families) = (Content(), Family(), Family(), node.Get<IRefreshFamilies>());
        await node.Get<ICodes>().ConsumeAsync(Handles.New(), content, family, Cancel);
        await node.Get<ICodes>().ConsumeAsync(Handles.New(), Content(), other, Cancel);
        await node.Get<IRevocations>().RevokeGrantAsync(content.Grant.Id, Cancel);
        var late = other.SlidingExpiry.AddSeconds(1);
        Assert.False(await families.RotateAsync(family.Handle, family.SecretHash, [1], [2], clock.GetUtcNow(), late, Cancel));
        Assert.False(await families.RotateAsync(other.Handle, other.SecretHash, [1], [2], late, late, Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_code_of_a_session_that_has_ended_gives_nothing(string kind)
    {
        await using var node = await StartAsync(kind);
        var user = (await node.Get<Users>().AddAsync(new() { UserName = "late" }, null, "test", Cancel))!;
        var (session, _) = (await node.Get<Sessions>().BeginAsync(user, Proofs.None, null, null, null, Cancel))!.Value;
        Assert.True(await node.Get<ICodes>().ConsumeAsync(Handles.New(), Content(session.Id), Family(), Cancel));
        Assert.True(await node.Get<ICodes>().ConsumeAsync(Handles.New(), Content(session.Id), null, Cancel));
        await node.Get<Sessions>().EndAsync(session.Id, user, Cancel);

        var (content, family) = (Content(session.Id), Family());
        Assert.False(await node.Get<ICodes>().ConsumeAsync(Handles.New(), content, family, Cancel));
        Assert.Null(await node.Get<IRefreshFamilies>().FindAsync(family.Handle, Cancel));
        Assert.True(node.Get<IRevocations>().IsRevoked("x", content.Grant.Id, null));
        Assert.False(await node.Get<ICodes>().ConsumeAsync(Handles.New(), Content(session.Id), null, Cancel));
    }

    /// <summary>Whoever redeems while the session ends: either comes first and is found, or comes second and gets nothing.</summary>
    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Nothing_redeemed_while_everything_ends_outlives_it(string kind)
    {
        await using var node = await StartAsync(kind);
        var user = (await node.Get<Users>().AddAsync(new() { UserName = "busy" }, null, "test", Cancel))!;
        for (var round = 0; round < 8; round++)
        {
            var (session, _) = (await node.Get<Sessions>().BeginAsync(user, Proofs.None with { Epoch = round }, null, null, null, Cancel))!.Value;
            var content = Enumerable.Range(0, 8).Select(_ => Content(session.Id, user, round)).ToArray();
            var families = content.Select(_ => Family()).ToArray();
            await Race.RunAsync(9, async i =>
            {
                if (i == 8)
                    await node.Get<Sessions>().EndAllAsync(user, null, user, Cancel);
                else
                    await node.Get<ICodes>().ConsumeAsync(Handles.New(), content[i], families[i], Cancel);
                return true;
            });
            for (var i = 0; i < 8; i++)
            {
                Assert.NotEqual(false, (await node.Get<IRefreshFamilies>().FindAsync(families[i].Handle, Cancel))?.Ended);
                Assert.True(node.Get<IRevocations>().IsRevoked("x", content[i].Grant.Id, null));
            }
        }
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_code_given_before_the_person_took_everything_back_gives_nothing(string kind)
    {
        var database = await servers.Real.NewDatabaseAsync(kind);
        await using var node = await StoreNode.StartAsync(database, clock: clock);
        await using var other = await StoreNode.StartAsync(database, clock: clock);
        await node.KnowAsync("web", "all", "somebody else");
        foreach (var client in (string?[])["web", null])
        {
            var before = Content(user: client ?? "all");
            clock.Advance(TimeSpan.FromMilliseconds(1));
            await node.Get<Database>().TransactAsync(async lane =>
            {
                await node.Get<SessionEnding>().EndClientAsync(lane, client ?? "all", client, Cancel);
                return true;
            }, Cancel);
            clock.Advance(TimeSpan.FromMilliseconds(1));
            // The other node has not heard of it yet.
            Assert.False(other.Get<IRevocations>().IsWithdrawn(client ?? "all", "web", before.Grant.GivenAt));
            Assert.False(await other.Get<ICodes>().ConsumeAsync(Handles.New(), before, Family(), Cancel));
            Assert.False(await other.Get<ICodes>().ConsumeAsync(Handles.New(), before, null, Cancel));
            Assert.True(await other.Get<ICodes>().ConsumeAsync(Handles.New(), Content(user: client ?? "all"), Family(), Cancel));
            Assert.True(await other.Get<ICodes>().ConsumeAsync(Handles.New(), Content(user: "somebody else"), null, Cancel));

            await other.Get<RevocationList>().RefreshAsync(Cancel);
            Assert.True(other.Get<IRevocations>().IsWithdrawn(client ?? "all", "web", before.Grant.GivenAt));
            Assert.Equal(client is null, other.Get<IRevocations>().IsWithdrawn(client ?? "all", "another app", before.Grant.GivenAt));
            Assert.False(other.Get<IRevocations>().IsWithdrawn(client ?? "all", "web", clock.GetUtcNow()));
        }

        clock.Advance(RevocationList.LongestAccess);
        await other.Get<RevocationList>().RefreshAsync(Cancel);
        Assert.False(other.Get<IRevocations>().IsWithdrawn("web", "web", DateTimeOffset.UnixEpoch));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Work_that_is_committed_together_speaks_the_language_of_whoever_asked_for_it(string kind)
    {
        await using var node = await StartAsync(kind);
        var spoken = await Race.RunAsync(64, async i =>
        {
            CultureInfo.CurrentUICulture = new CultureInfo(i % 2 == 0 ? "en" : "zh-Hans");
            return await node.Get<Database>().TransactAsync(async lane =>
            {
                var before = CultureInfo.CurrentUICulture.Name;
                await lane.ExecuteAsync("select 1", Cancel);
                return $"{before} {CultureInfo.CurrentUICulture.Name}";
            }, Cancel);
        });
        Assert.Equal(Enumerable.Range(0, 64).Select(i => i % 2 == 0 ? "en en" : "zh-Hans zh-Hans"), spoken);
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_revocation_reaches_another_node_within_five_seconds(string kind)
    {
        var database = await servers.Real.NewDatabaseAsync(kind);
        await using var first = await StoreNode.StartAsync(database);
        await using var second = await StoreNode.StartAsync(database);
        await second.Get<RevocationList>().StartAsync(Cancel);

        await first.Get<IRevocations>().RevokeTokenAsync("stolen", null, TimeProvider.System.GetUtcNow().AddHours(1), Cancel);
        Assert.True(first.Get<IRevocations>().IsRevoked("stolen", null, null));
        var started = TimeProvider.System.GetTimestamp();
        while (!second.Get<IRevocations>().IsRevoked("stolen", null, null))
        {
            Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(5));
            await Task.Delay(100, Cancel);
        }

        await second.Get<RevocationList>().StopAsync(Cancel);
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_revocation_dated_in_the_future_hides_none_of_today(string kind)
    {
        var database = await servers.Real.NewDatabaseAsync(kind);
        await using var reader = await StoreNode.StartAsync(database, clock: clock);
        await using var writer = await StoreNode.StartAsync(database, clock: clock);
        await using var ahead = await StoreNode.StartAsync(database, clock: new FakeTimeProvider(clock.GetUtcNow().AddHours(1)));
        await ahead.Get<IRevocations>().RevokeTokenAsync("first", null, clock.GetUtcNow().AddHours(3), Cancel);
        await reader.Get<RevocationList>().RefreshAsync(Cancel);
        Assert.True(reader.Get<IRevocations>().IsRevoked("first", null, null));

        await writer.Get<IRevocations>().RevokeTokenAsync("second", null, clock.GetUtcNow().AddHours(1), Cancel);
        await reader.Get<RevocationList>().RefreshAsync(Cancel);
        Assert.True(reader.Get<IRevocations>().IsRevoked("second", null, null));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_revocation_of_a_node_whose_clock_is_behind_is_read_by_the_others(string kind)
    {
        var database = await servers.Real.NewDatabaseAsync(kind);
        await using var reader = await StoreNode.StartAsync(database, clock: clock);
        await using var writer = await StoreNode.StartAsync(database, clock: clock);
        await using var behind = await StoreNode.StartAsync(database, clock: new FakeTimeProvider(clock.GetUtcNow().AddSeconds(-90)));
        await writer.Get<IRevocations>().RevokeTokenAsync("first", null, clock.GetUtcNow().AddHours(1), Cancel);
        await reader.Get<RevocationList>().RefreshAsync(Cancel);
        await behind.Get<IRevocations>().RevokeTokenAsync("second", null, clock.GetUtcNow().AddHours(1), Cancel);
        await reader.Get<RevocationList>().RefreshAsync(Cancel);
        Assert.True(reader.Get<IRevocations>().IsRevoked("second", null, null));
        // Written once more, whatever was cleaned away in between.
        await behind.Get<IRevocations>().RevokeTokenAsync("first", null, clock.GetUtcNow().AddHours(2), Cancel);
        await reader.Get<Database>().ExecuteAsync("delete from revocations where key = 'jti:second' and seq < (select max(seq) from revocations)", Cancel);
        await behind.Get<IRevocations>().RevokeGrantAsync("third", Cancel);
        await reader.Get<RevocationList>().RefreshAsync(Cancel);
        Assert.True(reader.Get<IRevocations>().IsRevoked("x", "third", null));
    }

    /// <summary>PostgreSQL numbers transactions as they begin and shows them as they end.</summary>
    [Fact]
    public async Task A_revocation_that_is_committed_late_is_not_passed_over()
    {
        var database = await servers.Real.NewDatabaseAsync("postgres");
        await using var reader = await StoreNode.StartAsync(database, clock: clock);
        await using var slow = await StoreNode.StartAsync(database, clock: clock);
        await using var quick = await StoreNode.StartAsync(database, clock: clock);
        TaskCompletionSource written = new(), read = new();
        var late = slow.Get<Database>().TransactAsync(async lane =>
        {
            await slow.Get<RevocationList>().RevokeSessionAsync(lane, "late", Cancel);
            written.SetResult();
            await read.Task;
            return true;
        }, Cancel);
        await written.Task;
        await quick.Get<IRevocations>().RevokeGrantAsync("quick", Cancel);
        await reader.Get<RevocationList>().RefreshAsync(Cancel);
        Assert.True(reader.Get<IRevocations>().IsRevoked("x", "quick", null));
        Assert.False(reader.Get<IRevocations>().IsRevoked("x", null, "late"));
        read.SetResult();
        await late;
        await reader.Get<RevocationList>().RefreshAsync(Cancel);
        Assert.True(reader.Get<IRevocations>().IsRevoked("x", null, "late"));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Many_revoked_tokens_of_one_grant_end_it_and_become_one_row(string kind)
    {
        await using var node = await StartAsync(kind);
        var revocations = node.Get<IRevocations>();
        for (var token = 0; token < 30; token++)
            await revocations.RevokeTokenAsync("token" + token, "grant", clock.GetUtcNow().AddHours(1), Cancel);
        Assert.Equal(["grant:grant"], await node.Get<Database>().ListAsync("select key from revocations", row => row.GetString(0), Cancel));
        await node.Get<RevocationList>().RefreshAsync(Cancel);
        Assert.True(revocations.IsRevoked("token3", "grant", null));
        Assert.False(revocations.IsRevoked("token3", "another", null) && revocations.IsRevoked("x", "another", null));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_list_that_is_too_old_vouches_for_nothing(string kind)
    {
        var pace = new FakeTimeProvider();
        await using var node = await StartAsync(kind);
        using var list = new RevocationList(node.Get<Database>(), clock, pace);
        Assert.Throws<StaleKnowledgeException>(() => list.IsRevoked("x", null, null));
        await list.RefreshAsync(Cancel);
        Assert.False(list.IsRevoked("x", null, null));
        pace.Advance(TimeSpan.FromSeconds(6));
        Assert.Throws<StaleKnowledgeException>(() => list.IsRevoked("x", null, null));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Many_may_migrate_at_once_and_each_script_runs_once(string kind)
    {
        var database = await servers.Real.NewDatabaseAsync(kind);
        var nodes = await Race.RunAsync(4, _ => StoreNode.StartAsync(database));
        var applied = await nodes[0].Get<Database>().ListAsync("""select "MigrationId" from "__EFMigrationsHistory" order by 1""", row => row.GetString(0), Cancel);
        Assert.Equal(SchemaScripts.Known(postgres: kind == "postgres"), applied);
        foreach (var node in nodes)
            await node.DisposeAsync();
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_script_that_fails_half_way_leaves_nothing_and_may_run_again(string kind)
    {
        await using var database = new Database(new() { Storage = new() { Database = await servers.Real.NewDatabaseAsync(kind) } });
        await database.ExecuteAsync("create table users (in_the_way int)", Cancel);
        await Assert.ThrowsAnyAsync<DbException>(() => database.MigrateAsync(Cancel));
        await Assert.ThrowsAnyAsync<DbException>(() => database.FirstAsync("select count(*) from audit", row => row.GetInt64(0), Cancel));
        await database.ExecuteAsync("drop table users", Cancel);
        await database.MigrateAsync(Cancel);
        Assert.Equal(0, await database.FirstAsync("select count(*) from users", row => row.GetInt64(0), Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Half_a_transaction_is_nothing(string kind)
    {
        await using var node = await StartAsync(kind);
        var database = node.Get<Database>();
        await Assert.ThrowsAsync<InvalidOperationException>(() => database.TransactAsync<bool>(async lane =>
        {
            await lane.ExecuteAsync("insert into scopes (name, json, updated_at) values ('half', '{}', 0)", Cancel);
            throw new InvalidOperationException("the power went");
        }, Cancel));
        Assert.Equal(0, await database.FirstAsync("select count(*) from scopes", row => row.GetInt64(0), Cancel));
        Assert.Equal(1, await database.ExecuteAsync("insert into scopes (name, json, updated_at) values ('whole', '{}', 0)", Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_reference_token_lives_until_its_time(string kind)
    {
        await using var node = await StartAsync(kind);
        var tokens = node.Get<IReferenceTokens>();
        var token = new Protocol.Tokens.AccessTokenContent
        {
            Jti = "g~1", ClientId = "web", Subject = "s", Audience = ["api"], Scopes = ["openid"], IssuedAt = clock.GetUtcNow(), ExpiresAt = clock.GetUtcNow().AddHours(1),
        };
        await tokens.StoreAsync([1, 2], token, Cancel);
        Assert.Equivalent(token, await tokens.FindAsync([1, 2], Cancel));
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Null(await tokens.FindAsync([1, 2], Cancel));
        Assert.Equal(1, await TidyAsync(node, clock.GetUtcNow().AddSeconds(1)));
    }

    private static async Task<int> TidyAsync(StoreNode node, DateTimeOffset now)
    {
        using var housekeeping = new Housekeeping(node.Get<Database>(), new(), new FakeTimeProvider(now), NullLogger<Housekeeping>.Instance);
        return await housekeeping.TidyAsync(Cancel);
    }

    private async Task<StoreNode> StartAsync(string kind)
    {
        var node = await StoreNode.StartAsync(await servers.Real.NewDatabaseAsync(kind), clock: clock);
        await node.KnowAsync("sub");
        return node;
    }

    private CodeContent Content(string session = "sid", string user = "sub", int epoch = 0) => new()
    {
        Grant = new()
        {
            Id = Handles.NewId(), ClientId = "web", Subject = user, SessionId = session, Scopes = ["openid"], AuthTime = clock.GetUtcNow(), Acr = "pwd", Amr = ["pwd"],
            GivenAt = clock.GetUtcNow(), Epoch = epoch, SessionEndsAt = clock.GetUtcNow().AddHours(12),
        },
        RedirectUri = "https://rp.example/cb", Nonce = "n", CodeChallenge = "c", ExpiresAt = clock.GetUtcNow().AddMinutes(1),
    };

    private NewRefreshFamily Family() => new(Handles.NewId(), Handles.Hash(Handles.New()), clock.GetUtcNow().AddDays(1), clock.GetUtcNow().AddDays(30));
}
