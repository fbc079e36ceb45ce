using IdP.Protocol;
using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.Storage;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Storage;

/// <summary>Endings are complete: whatever is being made at the moment of a password change, or of taking an app's access back, ends with the rest.</summary>
public sealed class EndingContract(Servers servers)
{
    private static readonly TimeSpan HeldOpen = TimeSpan.FromMilliseconds(400);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Nothing_made_while_a_password_change_is_held_open_outlives_it(string kind)
    {
        await using var node = await StartAsync(kind);
        var sessions = node.Get<Sessions>();
        var user = (await node.Get<Users>().AddAsync(new() { UserName = "ann" }, "the old password", "test", Cancel))!;
        var (here, _) = await BeginAsync(node, user, 0);
        var (there, _) = await BeginAsync(node, user, 0);
        var before = Code(user, here.Id, 0);

        var (inside, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        var users = Watched(node, async () =>
        {
            inside.TrySetResult();
            await gate.Task;
        });
        var change = Task.Run(() => users.SetPasswordAsync(user, "the new password", By.Tool("test"), here.Id, Cancel), Cancel);
        await inside.Task;

        // The change is written and not committed: the old password is still right.
        var typedAt = TimeProvider.System.GetUtcNow();
        var epoch = await node.Get<Users>().CheckPasswordAsync(user, "the old password", Cancel);
        Assert.NotNull(epoch);
        var begun = Task.Run(() => sessions.BeginAsync(user, Proofs.None with { PasswordAt = typedAt, Epoch = epoch.Value }, null, null, null, Cancel), Cancel);
        var raised = Task.Run(() => sessions.BeginAsync(user, Proofs.None with { PasswordAt = typedAt, Epoch = epoch.Value }, null, null, there, Cancel), Cancel);
        CodeContent[] codes = [before, Code(user, here.Id, epoch.Value), Code(user, there.Id, epoch.Value)];
        var families = codes.Select(_ => Family()).ToArray();
        var redeemed = codes.Select((code, i) => Task.Run(() => node.Get<ICodes>().ConsumeAsync(Handles.New(), code, families[i], Cancel), Cancel)).ToArray();
        await Task.Delay(HeldOpen, Cancel);
        gate.SetResult();

        Assert.True(await change);
        Assert.Null(await begun);
        Assert.Null(await raised);
        Assert.DoesNotContain(true, await Task.WhenAll(redeemed));
        await AllEndedAsync(node, families);
        Assert.Equal(here.Id, Assert.Single(await sessions.ListAsync(user, Cancel)).Session.Id);

        // The new password is as good as the old one was.
        var after = await node.Get<Users>().CheckPasswordAsync(user, "the new password", Cancel);
        Assert.Equal(epoch + 1, after);
        var (fresh, _) = await BeginAsync(node, user, after!.Value);
        Assert.True(await node.Get<ICodes>().ConsumeAsync(Handles.New(), Code(user, fresh.Id, after.Value), Family(), Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public Task Codes_redeemed_around_a_password_change_give_nothing_that_lasts(string kind) => ChangeAsync(kind, rounds: 6);

    [Thorough]
    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public Task Codes_redeemed_around_many_password_changes_give_nothing(string kind) => ChangeAsync(kind, rounds: 40);

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Codes_redeemed_while_a_consent_is_taken_back_give_nothing_that_lasts(string kind)
    {
        await using var node = await StartAsync(kind);
        var user = (await node.Get<Users>().AddAsync(new() { UserName = "ben" }, null, "test", Cancel))!;
        var (session, _) = await BeginAsync(node, user, 0);
        for (var round = 0; round < 6; round++)
        {
            await node.Get<Consents>().GiveAsync(user, "web", ["openid"], Cancel);
            var families = await RedeemAroundAsync(node, Enumerable.Range(0, 10).Select(_ => Code(user, session.Id, 0)),
                () => node.Get<Consents>().TakeBackAsync(user, "web", Cancel));
            await AllEndedAsync(node, families);
        }

        Assert.True(await node.Get<ICodes>().ConsumeAsync(Handles.New(), Code(user, session.Id, 0), Family(), Cancel));
    }

    /// <summary>Sessions begin, go on and end on trusted devices while everything ends: locks are taken in one order, so nobody is in a deadlock.</summary>
    [Fact]
    public async Task Sessions_that_begin_and_end_while_all_end_are_in_no_deadlock()
    {
        await using var node = await StartAsync("postgres");
        var (sessions, trust) = (node.Get<Sessions>(), node.Get<DeviceTrust.TrustedDevices>());
        var user = (await node.Get<Users>().AddAsync(new() { UserName = "cem" }, null, "test", Cancel))!;
        var by = By.Tool("test");
        for (var round = 0; round < 5; round++)
        {
            var epoch = (await node.Get<Users>().ListAsync(Cancel)).Single().Epoch;
            var shown = await node.Get<Database>().TransactAsync(lane => trust.GiveAsync(lane, user, [], by, Cancel), Cancel);
            var (session, _) = await BeginAsync(node, user, epoch);
            await Race.RunAsync(8, async i =>
            {
                switch (i)
                {
                    case 0: await sessions.EndAllAsync(user, null, user, Cancel); break;
                    case 1: await trust.RemoveAllAsync(user, by, Cancel); break;
                    case 2: await trust.RemoveAsync(user, shown.DeviceId, by, Cancel); break;
                    case 3: await node.Get<Users>().SetDisabledAsync(user, false, by, Cancel); break;
                    case 4: await sessions.EndAsync(session.Id, user, Cancel); break;
                    case 5: await node.Get<ICodes>().ConsumeAsync(Handles.New(), Code(user, session.Id, epoch), Family(), Cancel); break;
                    case 6: await sessions.BeginAsync(user, Proofs.None with { Epoch = epoch }, null, null, session, Cancel); break;
                    default: await sessions.BeginAsync(user, Proofs.None with { Epoch = epoch }, null, null, null, Cancel, OnDevice(node, user, shown)); break;
                }

                return true;
            });
        }
    }

    private async Task ChangeAsync(string kind, int rounds)
    {
        await using var node = await StartAsync(kind);
        var user = (await node.Get<Users>().AddAsync(new() { UserName = "ann" }, null, "test", Cancel))!;
        var secret = await node.Get<Passwords>().HashAsync(user, "the new password", Cancel);
        for (var epoch = 0; epoch < rounds; epoch++)
        {
            var (here, _) = await BeginAsync(node, user, epoch);
            var families = await RedeemAroundAsync(node, Enumerable.Range(0, 10).Select(_ => Code(user, here.Id, epoch)),
                () => node.Get<Users>().SetPasswordAsync(user, secret, By.Tool("test"), here.Id, Cancel));
            await AllEndedAsync(node, families);
        }
    }

    /// <summary>Ten codes, each a little later than the one before, and the ending somewhere among them.</summary>
    private static async Task<NewRefreshFamily[]> RedeemAroundAsync(StoreNode node, IEnumerable<CodeContent> codes, Func<Task> end)
    {
        var work = codes.Select(code => (Code: code, Family: Family())).ToArray();
        await Race.RunAsync(work.Length + 1, async i =>
        {
            await Task.Delay(i == work.Length ? 5 : i, Cancel);
            if (i == work.Length)
                await end();
            else
                await node.Get<ICodes>().ConsumeAsync(Handles.New(), work[i].Code, work[i].Family, Cancel);
            return true;
        });
        return [.. work.Select(one => one.Family)];
    }

    private static async Task AllEndedAsync(StoreNode node, NewRefreshFamily[] families)
    {
        foreach (var family in families)
            Assert.NotEqual(false, (await node.Get<IRefreshFamilies>().FindAsync(family.Handle, Cancel))?.Ended);
    }

    private static async Task<(Session Session, string Handle)> BeginAsync(StoreNode node, string user, int epoch) =>
        (await node.Get<Sessions>().BeginAsync(user, Proofs.None with { Epoch = epoch }, null, null, null, Cancel))!.Value;

    /// <summary>People whose changes are watched by the test, in the change's own transaction.</summary>
    private static Users Watched(StoreNode node, Func<Task> watch) => new(
        node.Get<Database>(), node.Get<Passwords>(), node.Get<SessionEnding>(), node.Get<AuditLog>(), new AccountWatchers([new Watcher(watch)]), TimeProvider.System);

    private static SessionCompany OnDevice(StoreNode node, string user, DeviceTrust.TrustToken shown) => new()
    {
        DeviceId = shown.DeviceId,
        Before = async lane =>
        {
            await Users.HoldAsync(lane, user, Cancel);
            return await node.Get<DeviceTrust.TrustedDevices>().UseAsync(lane, user, shown, By.Tool("test"), Cancel) is not null;
        },
        After = (_, _) => Task.CompletedTask,
        Committed = () => Task.CompletedTask,
    };

    private static CodeContent Code(string user, string sid, int epoch)
    {
        var now = TimeProvider.System.GetUtcNow();
        return new()
        {
            Grant = new()
            {
                Id = Handles.NewId(), ClientId = "web", Subject = user, SessionId = sid, Scopes = ["openid"], AuthTime = now, Acr = "pwd", Amr = ["pwd"], GivenAt = now, Epoch = epoch,
            },
            RedirectUri = "https://rp.example/cb", ExpiresAt = now.AddMinutes(1),
        };
    }

    private static NewRefreshFamily Family()
    {
        var now = TimeProvider.System.GetUtcNow();
        return new(Handles.NewId(), Handles.Hash(Handles.New()), now.AddDays(1), now.AddDays(30));
    }

    private async Task<StoreNode> StartAsync(string kind) => await StoreNode.StartAsync(await servers.Real.NewDatabaseAsync(kind));

    private sealed class Watcher(Func<Task> watch) : IAccountWatcher
    {
        public Task OnChangeAsync(Lane lane, AccountChange change, CancellationToken cancel) => watch();
    }
}
