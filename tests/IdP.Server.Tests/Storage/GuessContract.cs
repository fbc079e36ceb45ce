using System.Net;
using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.DeviceTrust;
using IdP.Server.Factors;
using IdP.Server.SignIn;
using IdP.Server.Storage;
using IdP.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace IdP.Server.Tests.Storage;

/// <summary>Guesses at passwords: nobody is shut out for good, nobody learns who has an account, and nothing grows for ever.</summary>
public sealed class GuessContract(Servers servers)
{
    private readonly FakeTimeProvider clock = new(DateTimeOffset.UnixEpoch.AddYears(56));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_hundred_wrong_passwords_leave_one_try_an_hour(string kind)
    {
        await using var node = await StartAsync(kind);
        var (limits, user) = (node.Get<GuessLimits>(), await AddAsync(node, "otto"));
        for (var i = 0; i < 100; i++)
        {
            Assert.IsType<PasswordReservation.Look>(await limits.ReservePasswordAsync(user, "otto", Cancel));
            if (i % 10 == 9)
                clock.Advance(TimeSpan.FromMinutes(10));
        }

        for (var hour = 0; hour < 3; hour++)
        {
            Assert.InRange(Assert.IsType<PasswordReservation.TooMany>(await limits.ReservePasswordAsync(user, "otto", Cancel)).RetryAfter, TimeSpan.FromMinutes(45), TimeSpan.FromHours(1));
            clock.Advance(TimeSpan.FromHours(1));
            Assert.IsType<PasswordReservation.Look>(await limits.ReservePasswordAsync(user, "otto", Cancel));
        }
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Names_of_one_account_share_its_ten_guesses_and_do_not_tell(string kind)
    {
        await using var node = await StartAsync(kind);
        var (limits, user) = (node.Get<GuessLimits>(), await AddAsync(node, "otto"));
        for (var i = 0; i < 10; i++)
            Assert.IsType<PasswordReservation.Look>(await limits.ReservePasswordAsync(user, "otto", Cancel));

        // The other name gets ten answers "wrong", none of them looked at, and then the words that nobody's name gets after ten as well.
        for (var i = 0; i < 10; i++)
        {
            Assert.IsType<PasswordReservation.LookAway>(await limits.ReservePasswordAsync(user, "otto@example.com", Cancel));
            Assert.IsType<PasswordReservation.Look>(await limits.ReservePasswordAsync(null, "nobody", Cancel));
        }

        foreach (var (id, name) in ((string?, string)[])[(user, "otto"), (user, " OTTO"), (user, "otto@example.com"), (null, "nobody")])
            Assert.IsType<PasswordReservation.TooMany>(await limits.ReservePasswordAsync(id, name, Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Giving_back_a_guess_that_was_looked_away_from_opens_nothing(string kind)
    {
        await using var node = await StartAsync(kind);
        var (limits, user) = (node.Get<GuessLimits>(), await AddAsync(node, "otto"));
        for (var i = 0; i < 10; i++)
            await limits.ReservePasswordAsync(user, "otto", Cancel);
        for (var i = 0; i < 20; i++)
            await limits.GiveBackAsync(Assert.IsType<PasswordReservation.LookAway>(await limits.ReservePasswordAsync(user, "otto@example.com", Cancel)), Cancel);
        Assert.IsType<PasswordReservation.LookAway>(await limits.ReservePasswordAsync(user, "otto@example.com", Cancel));
    }

    [Theory]
    [InlineData("sqlite", "unlock"), InlineData("postgres", "unlock")]
    [InlineData("sqlite", "enable"), InlineData("postgres", "enable")]
    [InlineData("sqlite", "password"), InlineData("postgres", "password")]
    public async Task An_operator_opens_what_strangers_closed(string kind, string how)
    {
        await using var node = await StartAsync(kind);
        var (limits, users, user) = (node.Get<GuessLimits>(), node.Get<Users>(), await AddAsync(node, "otto"));
        var code = GuessLimits.FactorKey(user, "totp");
        await node.Get<FactorBindings>().AddAsync(user, new("totp", null, [1]), By.Tool("test"), Cancel);
        for (var i = 0; i < 110; i++)
        {
            await limits.ReservePasswordAsync(user, "otto", Cancel);
            await limits.ReservePasswordAsync(user, "otto@example.com", Cancel);
            await limits.TryReserveAsync(code, Cancel);
            if (i % 10 == 9)
                clock.Advance(TimeSpan.FromMinutes(10));
        }

        Assert.IsType<PasswordReservation.TooMany>(await limits.ReservePasswordAsync(user, "otto", Cancel));
        Assert.IsType<GuessAnswer.Stopped>(await limits.TryReserveAsync(code, Cancel));

        await (how switch
        {
            "unlock" => users.UnlockAsync(user, "cli", Cancel),
            "enable" => users.SetDisabledAsync(user, false, By.Tool("cli"), Cancel),
            _ => users.SetPasswordAsync(user, "another password", By.Tool("cli"), null, Cancel),
        });
        Assert.IsType<PasswordReservation.Look>(await limits.ReservePasswordAsync(user, "otto", Cancel));
        Assert.IsType<PasswordReservation.Look>(await limits.ReservePasswordAsync(user, "otto@example.com", Cancel));
        Assert.IsType<GuessAnswer.Allowed>(await limits.TryReserveAsync(code, Cancel));
        Assert.Equal(1, await node.Get<Database>().FirstAsync("select count(*) from audit where action in ('user-unlocked', 'user-enabled', 'password-changed')", row => row.GetInt64(0), Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_factor_bound_anew_may_be_used(string kind)
    {
        await using var node = await StartAsync(kind);
        var (limits, user) = (node.Get<GuessLimits>(), await AddAsync(node, "otto"));
        var code = GuessLimits.FactorKey(user, "totp");
        for (var i = 0; i < 11; i++)
            await limits.TryReserveAsync(code, Cancel);
        Assert.IsType<GuessAnswer.TooMany>(await limits.TryReserveAsync(code, Cancel));
        await node.Get<FactorBindings>().AddAsync(user, new("totp", null, [1]), By.Tool("test"), Cancel);
        Assert.IsType<GuessAnswer.Allowed>(await limits.TryReserveAsync(code, Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Made_up_names_are_forgotten_after_a_day_and_the_audit_after_its_time(string kind)
    {
        await using var node = await StartAsync(kind);
        var (limits, user) = (node.Get<GuessLimits>(), await AddAsync(node, "otto"));
        for (var i = 0; i < 20; i++)
            await limits.ReservePasswordAsync(null, "made-up-" + i, Cancel);
        await limits.ReservePasswordAsync(user, "otto", Cancel);
        Assert.Equal(42, await CountAsync(node, "guess_counters"));

        var tidy = new Housekeeping(node.Get<Database>(), new() { Audit = new() { RetentionDays = 30 } }, clock, NullLogger<Housekeeping>.Instance);
        clock.Advance(TimeSpan.FromDays(1) + TimeSpan.FromSeconds(1));
        await tidy.TidyAsync(Cancel);
        Assert.Equal(1, await CountAsync(node, "guess_counters"));
        Assert.Equal(1, await CountAsync(node, "audit"));

        clock.Advance(TimeSpan.FromDays(30));
        await node.Get<AuditLog>().WriteAsync(new("sign-in-failed"), Cancel);
        await tidy.TidyAsync(Cancel);
        Assert.Equal("sign-in-failed", Assert.Single(await node.Get<Database>().ListAsync("select action from audit", row => row.GetString(0), Cancel)));
    }

    [Fact]
    public async Task Hanging_up_does_not_spare_the_address()
    {
        await using var node = await StartAsync("sqlite");
        var step = new PasswordStep(node.Get<Users>(), node.Get<GuessLimits>(), node.Get<AddressGuard>(), node.Get<AuditLog>(), clock);
        for (var i = 0; i < 100; i++)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => step.TryAsync("made-up-" + i, "x", IPAddress.Loopback, new CancellationToken(canceled: true)));
        Assert.IsType<PasswordOutcome.TooMany>(await step.TryAsync("otto", "x", IPAddress.Loopback, Cancel));
        Assert.IsType<PasswordOutcome.Wrong>(await step.TryAsync("otto", "x", IPAddress.Parse("192.0.2.1"), Cancel));
        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.IsType<PasswordOutcome.Wrong>(await step.TryAsync("otto", "x", IPAddress.Loopback, Cancel));
    }

    [Fact]
    public async Task A_right_password_is_not_held_against_the_address_nor_a_closed_account_let_in()
    {
        await using var node = await StartAsync("sqlite");
        var step = new PasswordStep(node.Get<Users>(), node.Get<GuessLimits>(), node.Get<AddressGuard>(), node.Get<AuditLog>(), clock);
        await node.Get<Users>().AddAsync(new() { UserName = "otto", Email = "otto@example.com" }, "the right one", "test", Cancel);
        for (var i = 0; i < 110; i++)
            Assert.IsType<PasswordOutcome.Right>(await step.TryAsync("otto", "the right one", IPAddress.Loopback, Cancel));
        for (var i = 0; i < 10; i++)
            Assert.IsType<PasswordOutcome.Wrong>(await step.TryAsync("otto", "a wrong one", IPAddress.Loopback, Cancel));
        Assert.IsType<PasswordOutcome.TooMany>(await step.TryAsync("otto", "the right one", IPAddress.Loopback, Cancel));
        Assert.IsType<PasswordOutcome.Wrong>(await step.TryAsync("otto@example.com", "the right one", IPAddress.Loopback, Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Own_browsers_share_thirty_guesses_and_stop_at_a_hundred_in_a_row(string kind)
    {
        await using var node = await StartAsync(kind);
        var (limits, user) = (node.Get<GuessLimits>(), await AddAsync(node, "otto"));
        await node.Get<FactorBindings>().AddAsync(user, new("totp", null, [1]), By.Tool("test"), Cancel);
        var browsers = await OwnAsync(node, user, 4);
        // Strangers have used up what is theirs.
        for (var i = 0; i < 10; i++)
        {
            await limits.ReservePasswordAsync(user, "otto", Cancel);
            await limits.TryReserveAsync(user, "totp", null, Cancel);
        }

        foreach (var own in browsers.Take(3))
        {
            for (var i = 0; i < 10; i++)
            {
                Assert.IsType<PasswordReservation.Look>(await limits.ReserveOwnPasswordAsync(user, own, Cancel));
                Assert.IsType<GuessAnswer.Allowed>(await limits.TryReserveAsync(user, "totp", own, Cancel));
            }

            Assert.IsType<PasswordReservation.TooMany>(await limits.ReserveOwnPasswordAsync(user, own, Cancel));
            Assert.IsType<GuessAnswer.TooMany>(await limits.TryReserveAsync(user, "totp", own, Cancel));
        }

        // The fourth is counted as a stranger.
        Assert.Null(await limits.ReserveOwnPasswordAsync(user, browsers[3], Cancel));
        Assert.IsType<GuessAnswer.TooMany>(await limits.TryReserveAsync(user, "totp", browsers[3], Cancel));

        for (var round = 0; round < 7; round++)
        {
            clock.Advance(TimeSpan.FromMinutes(10));
            for (var i = 0; i < 10; i++)
            {
                Assert.NotNull(await limits.ReserveOwnPasswordAsync(user, browsers[round % 4], Cancel));
                Assert.IsType<GuessAnswer.Allowed>(await limits.TryReserveAsync(user, "totp", browsers[round % 4], Cancel));
            }
        }

        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Null(await limits.ReserveOwnPasswordAsync(user, browsers[3], Cancel));
        // What is left is what a stranger has; the owner's next proof opens both.
        await limits.ProvenAsync(user, "totp", Cancel);
        Assert.IsType<GuessAnswer.Allowed>(await limits.TryReserveAsync(user, "totp", browsers[3], Cancel));
        await limits.SucceededAsync([$"pwd:devices:{user}"], Cancel);
        var looked = Assert.IsType<PasswordReservation.Look>(await limits.ReserveOwnPasswordAsync(user, browsers[3], Cancel));
        Assert.Equal([GuessLimits.FactorKey(user, "pwd", browsers[3]), $"pwd:devices:{user}"], looked.Counted);
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_mailed_reset_brings_ten_guesses_a_day_and_no_more(string kind)
    {
        await using var node = await StartAsync(kind);
        var (limits, users, user) = (node.Get<GuessLimits>(), node.Get<Users>(), await AddAsync(node, "otto"));
        await node.Get<FactorBindings>().AddAsync(user, new("totp", null, [1]), By.Tool("test"), Cancel);
        var own = GuessLimits.AfterReset(user);
        for (var i = 0; i < 10; i++)
        {
            Assert.IsType<GuessAnswer.Allowed>(await limits.TryReserveAsync(user, "totp", own, Cancel));
            Assert.IsType<PasswordReservation.Look>(await limits.ReserveOwnPasswordAsync(user, own, Cancel));
            if (i == 5)
                await users.SetPasswordAsync(user, "another password", By.Tool(user), null, Cancel);
        }

        clock.Advance(TimeSpan.FromHours(23));
        Assert.True(Assert.IsType<GuessAnswer.TooMany>(await limits.TryReserveAsync(user, "totp", own, Cancel)).RetryAfter <= TimeSpan.FromHours(1));
        Assert.IsType<PasswordReservation.TooMany>(await limits.ReserveOwnPasswordAsync(user, own, Cancel));
        clock.Advance(TimeSpan.FromHours(1));
        Assert.IsType<GuessAnswer.Allowed>(await limits.TryReserveAsync(user, "totp", own, Cancel));
        for (var i = 0; i < 10; i++)
            await limits.ReserveOwnPasswordAsync(user, own, Cancel);
        await users.UnlockAsync(user, "cli", Cancel);
        Assert.IsType<PasswordReservation.Look>(await limits.ReserveOwnPasswordAsync(user, own, Cancel));
    }

    /// <summary>Refusals are not free: whoever polls for the moment when a guess is free again is banned by address; the owner's own browser is not.</summary>
    [Fact]
    public async Task Polling_bans_the_address_and_not_an_own_browser()
    {
        await using var node = await StartAsync("sqlite");
        var step = Step(node);
        var user = await node.Get<Users>().AddAsync(new() { UserName = "otto", Email = "otto@example.com" }, "the right one", "test", Cancel);
        var own = (await OwnAsync(node, user!, 1))[0];
        for (var i = 0; i < 100; i++)
            Assert.IsNotType<PasswordOutcome.Right>(await step.TryAsync("otto", "a wrong one", IPAddress.Loopback, Cancel));
        var banned = Assert.IsType<PasswordOutcome.TooMany>(await step.TryAsync("somebody else", "x", IPAddress.Loopback, Cancel));
        Assert.Equal(TimeSpan.FromMinutes(10), banned.RetryAfter);
        Assert.IsType<PasswordOutcome.Right>(await step.TryAsync("otto", "the right one", IPAddress.Loopback, Cancel, _ => Task.FromResult<string?>(own)));
        // Showing something is not enough.
        Assert.IsType<PasswordOutcome.TooMany>(await step.TryAsync("otto", "the right one", IPAddress.Loopback, Cancel, _ => Task.FromResult<string?>(null)));
    }

    /// <summary>The fourth hash of one account at once is "too many", at once and uncounted; unknown names hear the same.</summary>
    [Theory, InlineData("otto"), InlineData("nobody")]
    public async Task A_fourth_hash_for_one_name_is_one_too_many(string name)
    {
        await using var node = await StartAsync("sqlite");
        var (step, threads) = (Step(node), node.Get<HashingThreads>());
        await node.Get<Users>().AddAsync(new() { UserName = "otto" }, "the right one", "test", Cancel);
        using var gate = new ManualResetEventSlim();
        var held = Enumerable.Range(0, 3).Select(_ => threads.RunAsync(() => { gate.Wait(); return 0; }, Cancel, HashFor.Of(name, null))).ToArray();
        Assert.IsType<PasswordOutcome.TooMany>(await step.TryAsync(" " + name.ToUpperInvariant(), "the right one", IPAddress.Loopback, Cancel));
        gate.Set();
        await Task.WhenAll(held);
        Assert.Equal(0, await CountAsync(node, "guess_counters where in_row > 0"));
        Assert.Equal(name == "otto", await step.TryAsync(name, "the right one", IPAddress.Loopback, Cancel) is PasswordOutcome.Right);
    }

    private PasswordStep Step(StoreNode node) => new(node.Get<Users>(), node.Get<GuessLimits>(), node.Get<AddressGuard>(), node.Get<AuditLog>(), clock);

    /// <summary>Browsers that the person has signed in with, by id.</summary>
    private static async Task<List<string>> OwnAsync(StoreNode node, string user, int browsers)
    {
        for (var i = 0; i < browsers; i++)
            await node.Get<Database>().TransactAsync(lane => node.Get<KnownBrowsers>().SeenAsync(lane, user, [], By.Tool("test"), Cancel), Cancel);
        return await node.Get<Database>().ListAsync("select id from known_browsers where user_id = @user", row => row.GetString(0), Cancel, ("@user", user));
    }

    private async Task<StoreNode> StartAsync(string kind) => await StoreNode.StartAsync(await servers.Real.NewDatabaseAsync(kind), clock: clock);

    private static async Task<string> AddAsync(StoreNode node, string name) =>
        (await node.Get<Users>().AddAsync(new() { UserName = name, Email = name + "@example.com" }, null, "test", Cancel))!;

    private static async Task<long> CountAsync(StoreNode node, string table) =>
        await node.Get<Database>().FirstAsync($"select count(*) from {table}", row => row.GetInt64(0), Cancel);
}
