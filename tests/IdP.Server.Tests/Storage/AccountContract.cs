using IdP.Protocol;
using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.DeviceTrust;
using IdP.Server.Factors;
using IdP.Server.Hosting;
using IdP.Server.Storage;
using IdP.Server.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace IdP.Server.Tests.Storage;

/// <summary>People, sessions, bindings and guesses: what they promise over SQLite and PostgreSQL alike.</summary>
public sealed class AccountContract(Servers servers)
{
    private readonly FakeTimeProvider clock = new(DateTimeOffset.UnixEpoch.AddYears(56));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Of_200_parallel_guesses_over_two_nodes_ten_are_looked_at(string kind)
    {
        var database = await servers.Real.NewDatabaseAsync(kind);
        await using var first = await StoreNode.StartAsync(database, clock: clock);
        await using var second = await StoreNode.StartAsync(database, clock: clock);
        var answers = await Race.RunAsync(200, i => (i % 2 == 0 ? first : second).Get<GuessLimits>().TryReserveAsync("pwd:alice", Cancel));
        Assert.Equal(10, answers.OfType<GuessAnswer.Allowed>().Count());
        Assert.All(answers.OfType<GuessAnswer.TooMany>(), answer => Assert.InRange(answer.RetryAfter, TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(10)));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_hundred_wrong_in_a_row_stop_a_factor_until_another_one_proves_its_owner(string kind)
    {
        await using var node = await StartAsync(kind);
        var (limits, bindings) = (node.Get<GuessLimits>(), node.Get<FactorBindings>());
        var (alice, bob) = (await AddAsync(node, "alice"), await AddAsync(node, "bob"));
        foreach (var user in (string[])[alice, bob])
        {
            await bindings.AddAsync(user, new("totp", null, [1]), By.Tool("test"), Cancel);
            await bindings.AddAsync(user, new("email", null, [2]), By.Tool("test"), Cancel);
        }

        var device = await node.Get<Database>().TransactAsync(
            lane => node.Get<TrustedDevices>().GiveAsync(lane, alice, [new("totp", "the totp", clock.GetUtcNow(), ["otp"])], By.Tool("test"), Cancel), Cancel);
        string[] keys = [GuessLimits.FactorKey(alice, "totp"), GuessLimits.FactorKey(alice, "totp", device.DeviceId)];
        for (var i = 0; i < 100; i++)
        {
            if (i % 10 == 0)
                clock.Advance(TimeSpan.FromMinutes(10));
            foreach (var key in keys)
                Assert.IsType<GuessAnswer.Allowed>(await limits.TryReserveAsync(key, Cancel));
        }

        await limits.ProvenAsync(bob, "email", Cancel);
        foreach (var key in keys)
            Assert.IsType<GuessAnswer.Stopped>(await limits.TryReserveAsync(key, Cancel));

        await limits.ProvenAsync(alice, "email", Cancel);
        foreach (var key in keys)
        {
            // Open again, and no faster than before.
            Assert.IsType<GuessAnswer.TooMany>(await limits.TryReserveAsync(key, Cancel));
        }

        clock.Advance(TimeSpan.FromMinutes(10));
        foreach (var key in keys)
            Assert.IsType<GuessAnswer.Allowed>(await limits.TryReserveAsync(key, Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Time_alone_opens_no_factor_that_a_hundred_wrong_guesses_stopped(string kind)
    {
        await using var node = await StartAsync(kind);
        var (limits, key) = (node.Get<GuessLimits>(), GuessLimits.FactorKey(await AddAsync(node, "alice"), "totp"));
        for (var i = 0; i < 100; i++)
        {
            if (i % 10 == 0)
                clock.Advance(TimeSpan.FromMinutes(10));
            await limits.TryReserveAsync(key, Cancel);
        }

        clock.Advance(TimeSpan.FromDays(30));
        Assert.IsType<GuessAnswer.Stopped>(await limits.TryReserveAsync(key, Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task One_of_64_uses_an_OTP_step_and_steps_only_move_forward(string kind)
    {
        await using var node = await StartAsync(kind);
        var bindings = node.Get<FactorBindings>();
        var user = await AddAsync(node, "otto");
        var binding = (await bindings.AddAsync(user, new("totp", "phone", [1, 2, 3], 40), By.Tool("test"), Cancel))!;
        Assert.Equal(["totp"], (await node.Get<Users>().FindAsync(user, Cancel))!.BoundFactors);
        Assert.Single(await Race.RunAsync(64, _ => bindings.AdvanceStepAsync(binding.Id, 41, Cancel)), true);
        Assert.False(await bindings.AdvanceStepAsync(binding.Id, 40, Cancel));
        var kept = Assert.Single(await bindings.ListAsync(user, Cancel));
        Assert.Equal(new byte[] { 1, 2, 3 }, kept.Data);
        Assert.Equal(41, kept.LastStep);
        Assert.False(await bindings.RemoveAsync("somebody else", binding.Id, By.Tool("test"), Cancel));
        Assert.True(await bindings.RemoveAsync(user, binding.Id, By.Tool("test"), Cancel));
        Assert.Empty((await node.Get<Users>().FindAsync(user, Cancel))!.BoundFactors);
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Two_spellings_of_a_name_are_one_person(string kind)
    {
        await using var node = await StartAsync(kind);
        var users = node.Get<Users>();
        var id = await AddAsync(node, "Ａlice");
        Assert.Null(await users.AddAsync(new() { UserName = "ALICE " }, null, "test", Cancel));
        Assert.Equal(id, (await users.FindByLoginAsync(" alice", Cancel))!.Id);
        Assert.Equal(id, (await users.FindByLoginAsync("ALICE@Example.com", Cancel))!.Id);
        Assert.Null(await users.FindByLoginAsync("ali\u0000ce", Cancel));
        Assert.Null(await users.AddAsync(new() { UserName = "a\u200Blice" }, null, "test", Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_password_is_checked_whole_and_in_any_normal_form(string kind)
    {
        await using var node = await StartAsync(kind);
        var users = node.Get<Users>();
        var id = (await users.AddAsync(new() { UserName = "nora" }, "caf\u00e9 au lait", "test", Cancel))!;
        Assert.NotNull(await users.CheckPasswordAsync(id, "cafe\u0301 au lait", Cancel));
        Assert.Null(await users.CheckPasswordAsync(id, "caf\u00e9 au lai", Cancel));
        Assert.Null(await users.CheckPasswordAsync(id, "", Cancel));
        Assert.Null(await users.CheckPasswordAsync(id, new string('x', 257), Cancel));
        Assert.Null(await users.CheckPasswordAsync(null, "caf\u00e9 au lait", Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_new_authentication_makes_the_old_handle_worthless_and_keeps_the_sid(string kind)
    {
        await using var node = await StartAsync(kind);
        var sessions = node.Get<Sessions>();
        var user = await AddAsync(node, "sam");
        var typed = Proofs.None with { PasswordAt = clock.GetUtcNow() };
        var (session, handle) = (await sessions.BeginAsync(user, typed, "browser", "::1", null, Cancel))!.Value;
        Assert.Equal(session.Id, (await sessions.FindAsync(handle, Cancel))!.Id);

        var (raised, next) = (await sessions.BeginAsync(user, typed.With(new("totp", "the totp", clock.GetUtcNow(), ["otp"])), "browser", "::1", session, Cancel))!.Value;
        Assert.Equal(session.Id, raised.Id);
        Assert.Null(await sessions.FindAsync(handle, Cancel));
        Assert.Equal("totp", (await sessions.FindAsync(next, Cancel))!.Proofs.Factors.Single().Factor);

        // Another person cannot go on with it.
        Assert.Null(await sessions.BeginAsync(await AddAsync(node, "tom"), typed, null, null, raised, Cancel));
        clock.Advance(TimeSpan.FromHours(12));
        Assert.Null(await sessions.FindAsync(next, Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task The_end_of_a_session_takes_its_tokens_along_and_is_written_down(string kind)
    {
        await using var node = await StartAsync(kind);
        var sessions = node.Get<Sessions>();
        var user = await AddAsync(node, "eve");
        var (session, handle) = (await sessions.BeginAsync(user, Proofs.None, null, null, null, Cancel))!.Value;
        var family = await GrantAsync(node, user, session.Id);
        Assert.True(await sessions.EndAsync(session.Id, user, Cancel));
        Assert.False(await sessions.EndAsync(session.Id, user, Cancel));
        Assert.Null(await sessions.FindAsync(handle, Cancel));
        Assert.True((await node.Get<IRefreshFamilies>().FindAsync(family, Cancel))!.Ended);
        Assert.True(node.Get<IRevocations>().IsRevoked("x", null, session.Id));
        Assert.Equal(1, await node.Get<Database>().FirstAsync("select count(*) from audit where action = 'session-ended'", row => row.GetInt64(0), Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_sign_out_spares_what_is_for_the_persons_absence_and_the_end_of_everything_does_not(string kind)
    {
        await using var node = await StartAsync(kind);
        var (sessions, families, revocations) = (node.Get<Sessions>(), node.Get<IRefreshFamilies>(), node.Get<IRevocations>());
        var user = await AddAsync(node, "eve");
        var (session, _) = (await sessions.BeginAsync(user, Proofs.None, null, null, null, Cancel))!.Value;
        var online = await GrantAsync(node, user, session.Id);
        var offline = await GrantAsync(node, user, session.Id, "openid", "offline_access");
        // Asking for a claim of that name is not being granted it.
        var pretender = await GrantAsync(node, user, session.Id, "offline_access", []);

        await sessions.EndAsync(session.Id, user, Cancel);
        Assert.True((await families.FindAsync(online, Cancel))!.Ended);
        Assert.True((await families.FindAsync(pretender, Cancel))!.Ended);
        var spared = (await families.FindAsync(offline, Cancel))!;
        Assert.False(spared.Ended);
        Assert.False(revocations.IsRevoked("x", spared.Grant.Id, null));

        await sessions.EndAllAsync(user, exceptSid: null, user, Cancel);
        Assert.True((await families.FindAsync(offline, Cancel))!.Ended);
        Assert.True(revocations.IsRevoked("x", spared.Grant.Id, null));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_new_password_ends_the_other_sessions_and_a_disabled_person_has_none(string kind)
    {
        await using var node = await StartAsync(kind);
        var (sessions, users) = (node.Get<Sessions>(), node.Get<Users>());
        var user = await AddAsync(node, "pia");
        var (here, hereHandle) = (await sessions.BeginAsync(user, Proofs.None, null, null, null, Cancel))!.Value;
        var (there, thereHandle) = (await sessions.BeginAsync(user, Proofs.None, null, null, null, Cancel))!.Value;
        var (mine, lost) = (await GrantAsync(node, user, here.Id), await GrantAsync(node, user, there.Id));

        Assert.True(await users.SetPasswordAsync(user, "another password", By.Tool(user), here.Id, Cancel));
        clock.Advance(TimeSpan.FromSeconds(3));
        Assert.NotNull(await sessions.FindAsync(hereHandle, Cancel));
        Assert.Null(await sessions.FindAsync(thereHandle, Cancel));
        // The session goes on, but whoever knew the password may have been given something in it too.
        Assert.True((await node.Get<IRefreshFamilies>().FindAsync(mine, Cancel))!.Ended);
        Assert.True((await node.Get<IRefreshFamilies>().FindAsync(lost, Cancel))!.Ended);
        Assert.True(node.Get<IRevocations>().IsRevoked("x", (await node.Get<IRefreshFamilies>().FindAsync(mine, Cancel))!.Grant.Id, null));
        Assert.False(node.Get<IRevocations>().IsRevoked("x", null, here.Id));
        Assert.True(node.Get<IRevocations>().IsRevoked("x", null, there.Id));

        Assert.True(await users.SetDisabledAsync(user, true, By.Tool("cli"), Cancel));
        clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Null(await sessions.FindAsync(hereHandle, Cancel));
        Assert.Null(await node.Get<IPeople>().FindAsync(user, Cancel));
    }

    /// <summary>The page was drawn on another node, or a moment before "this was not me": what it asks for comes too late.</summary>
    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Nothing_is_bound_unbound_or_set_from_a_session_that_has_ended(string kind)
    {
        await using var node = await StartAsync(kind);
        var (sessions, users, bindings) = (node.Get<Sessions>(), node.Get<Users>(), node.Get<FactorBindings>());
        var user = await AddAsync(node, "ida");
        var (session, _) = (await sessions.BeginAsync(user, Proofs.None, null, null, null, Cancel))!.Value;
        var by = new By(user, SessionId: session.Id);
        var kept = (await bindings.AddAsync(user, new("totp", null, [1]), by, Cancel))!;
        await sessions.EndAsync(session.Id, user, Cancel);

        Assert.Null(await bindings.AddAsync(user, new("totp", null, [2]), by, Cancel));
        Assert.Null(await bindings.AddAsync(user, new("totp", null, [2]), by, Cancel, kept.Id));
        Assert.False(await bindings.RemoveAsync(user, kept.Id, by, Cancel));
        Assert.False(await users.SetPasswordAsync(user, "another password", by, session.Id, Cancel));
        Assert.Equal(kept.Id, Assert.Single(await bindings.ListAsync(user, Cancel)).Id);
        Assert.Null(await users.ReadPasswordAsync(user, Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_consent_grows_and_can_be_taken_back(string kind)
    {
        await using var node = await StartAsync(kind);
        var consents = node.Get<Consents>();
        await consents.GiveAsync("u", "web", ["openid", "email"], Cancel);
        await consents.GiveAsync("u", "web", ["email", "profile"], Cancel);
        Assert.Equal(["openid", "email", "profile"], await consents.FindAsync("u", "web", Cancel));
        Assert.True(await consents.TakeBackAsync("u", "web", Cancel));
        Assert.Empty(await consents.FindAsync("u", "web", Cancel));
        Assert.False(await consents.TakeBackAsync("u", "web", Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_consent_taken_back_ends_what_the_client_holds_for_that_person(string kind)
    {
        await using var node = await StartAsync(kind);
        var (consents, families) = (node.Get<Consents>(), node.Get<IRefreshFamilies>());
        await node.KnowAsync("u", "v");
        await consents.GiveAsync("u", "web", ["openid"], Cancel);
        var mine = await GrantAsync(node, "u", "sid", "openid", "offline_access");
        var others = await GrantAsync(node, "v", "sid", "openid", "offline_access");
        Assert.True(await consents.TakeBackAsync("u", "web", Cancel));
        Assert.True((await families.FindAsync(mine, Cancel))!.Ended);
        Assert.True(node.Get<IRevocations>().IsRevoked("x", (await families.FindAsync(mine, Cancel))!.Grant.Id, null));
        Assert.False((await families.FindAsync(others, Cancel))!.Ended);
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task The_first_administrator_closes_the_other_doors_of_the_start(string kind)
    {
        await using var node = await StartAsync(kind);
        var setup = new FirstAdministrator(node.Get<Database>(), node.Get<Users>(), node.Get<Passwords>(), node.Get<AuditLog>(), node.Get<IdpOptions>(), clock);
        var (one, other, asked) = (Token(await setup.MakeAutomaticLinkAsync(Cancel)), Token(await setup.MakeAutomaticLinkAsync(Cancel)), Token(await setup.MakeLinkAsync("cli", Cancel)));
        Assert.True(await setup.CheckAsync(other, Cancel));
        Assert.IsType<SetupOutcome.Created>(await setup.CreateAsync(one, "ada", null, "correct horse battery", Cancel));
        Assert.False(await setup.CheckAsync(other, Cancel));
        Assert.IsType<SetupOutcome.LinkUsed>(await setup.CreateAsync(other, "mallory", null, "correct horse battery", Cancel));
        Assert.True(await setup.CheckAsync(asked, Cancel));

        static string Token(SetupLink link) => link.Url.Split("token=")[1];
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Any_header_can_be_kept_beside_a_session(string kind)
    {
        await using var node = await StartAsync(kind);
        var (sessions, user) = (node.Get<Sessions>(), await AddAsync(node, "uma"));
        var agent = "a\0b\ud800c" + new string('x', 294) + "\U0001F600";
        Assert.NotNull(await sessions.BeginAsync(user, Proofs.None with { PasswordAt = clock.GetUtcNow() }, agent, null, null, Cancel));
        Assert.Equal("a\ufffdb\ufffdc" + new string('x', 294), Assert.Single(await sessions.ListAsync(user, Cancel)).UserAgent);
    }

    private async Task<StoreNode> StartAsync(string kind) => await StoreNode.StartAsync(await servers.Real.NewDatabaseAsync(kind), clock: clock);

    private static async Task<string> AddAsync(StoreNode node, string name) =>
        (await node.Get<Users>().AddAsync(new() { UserName = name, Email = "Alice@example.com" }, null, "test", Cancel))!;

    private Task<string> GrantAsync(StoreNode node, string user, string sid, params string[] scopes) => GrantAsync(node, user, sid, null, scopes);

    private async Task<string> GrantAsync(StoreNode node, string user, string sid, string? claim, string[] scopes)
    {
        var now = clock.GetUtcNow();
        var family = new NewRefreshFamily(Handles.NewId(), [1], now.AddDays(1), now.AddDays(30));
        var grant = new Grant { Id = Handles.NewId(), ClientId = "web", Subject = user, SessionId = sid, Scopes = scopes is [] ? ["openid"] : scopes, AuthTime = now, Acr = "pwd", Amr = ["pwd"], UserInfoClaims = claim is null ? [] : [claim] };
        await node.Get<ICodes>().ConsumeAsync(Handles.New(), new() { Grant = grant, RedirectUri = "https://rp.example/cb", ExpiresAt = now.AddMinutes(1) }, family, Cancel);
        return family.Handle;
    }
}
