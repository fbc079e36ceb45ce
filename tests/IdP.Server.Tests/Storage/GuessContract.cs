using System.Net;
using IdP.Server.Accounts;
using IdP.Server.Audit;
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

    private async Task<StoreNode> StartAsync(string kind) => await StoreNode.StartAsync(await servers.Real.NewDatabaseAsync(kind), clock: clock);

    private static async Task<string> AddAsync(StoreNode node, string name) =>
        (await node.Get<Users>().AddAsync(new() { UserName = name, Email = name + "@example.com" }, null, "test", Cancel))!;

    private static async Task<long> CountAsync(StoreNode node, string table) =>
        await node.Get<Database>().FirstAsync($"select count(*) from {table}", row => row.GetInt64(0), Cancel);
}
