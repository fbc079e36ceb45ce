using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.DeviceTrust;
using IdP.Server.Factors;
using IdP.Server.Hosting;
using IdP.Server.Storage;
using IdP.Server.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace IdP.Server.Tests.Storage;

/// <summary>Trusted devices and known browsers: what they promise over SQLite and PostgreSQL alike.</summary>
public sealed class TrustContract(Servers servers)
{
    private readonly FakeTimeProvider clock = new(DateTimeOffset.UnixEpoch.AddYears(56));
    private readonly By here = new("otto", "192.0.2.1", "browser");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, bool> Triggers
    {
        get
        {
            var table = new TheoryData<string, string, bool>();
            foreach (var kind in (string[])["sqlite", "postgres"])
            {
                foreach (var ends in (string[])["password", "bind", "unbind", "rebind", "disable", "disowned", "remove", "remove all", "ten more"])
                    table.Add(kind, ends, true);
                foreach (var keeps in (string[])["unlock", "e-mail", "new browser", "another's password", "another removes it"])
                    table.Add(kind, keeps, false);
            }

            return table;
        }
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Of_64_uses_at_once_one_rotates_and_all_are_told_the_same(string kind)
    {
        var database = await servers.Real.NewDatabaseAsync(kind);
        await using var first = await StoreNode.StartAsync(database, clock: clock);
        await using var second = await StoreNode.StartAsync(database, clock: clock);
        var user = await AddAsync(first, "otto");
        var shown = await GiveAsync(first, user);
        var answers = await Race.RunAsync(64, i => UseAsync(i % 2 == 0 ? first : second, user, shown));
        var next = Assert.Single(answers.Distinct())!;
        Assert.NotEqual(shown, next);
        Assert.NotNull(await FindAsync(first, user, shown));
        Assert.NotEqual(next, await UseAsync(first, user, next));
        // Two uses ago: whoever shows it has a copy.
        Assert.Null(await UseAsync(first, user, shown));
        Assert.Null(await FindAsync(first, user, shown));
        Assert.Null(await FindAsync(first, user, next));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_lost_answer_hurts_nobody_for_ten_seconds(string kind)
    {
        await using var node = await StartAsync(kind);
        var user = await AddAsync(node, "otto");
        var shown = await GiveAsync(node, user);
        var next = await UseAsync(node, user, shown);
        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(next, await UseAsync(node, user, shown));
        Assert.NotNull(await FindAsync(node, user, shown));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await UseAsync(node, user, shown));
        Assert.NotNull(await FindAsync(node, user, next));
    }

    [Theory]
    [InlineData("sqlite", "old"), InlineData("postgres", "old")]
    [InlineData("sqlite", "made up"), InlineData("postgres", "made up")]
    public async Task A_replayed_secret_ends_the_device_what_it_brought_and_is_told_once(string kind, string what)
    {
        await using var node = await StartAsync(kind);
        var (user, witness) = (await AddAsync(node, "otto"), new Witness());
        var devices = Devices(node, witness);
        var shown = await GiveAsync(node, user);
        var next = (await UseAsync(node, user, shown))!;
        var (brought, family) = await BringAsync(node, user, next.DeviceId);
        var (other, _) = await BringAsync(node, user, null);
        clock.Advance(TimeSpan.FromSeconds(11));

        var copy = what == "old" ? shown : next with { Secret = Handles.New() };
        Assert.All(await Race.RunAsync(16, _ => devices.FindAsync(user, copy, here, Cancel)), Assert.Null);
        Assert.Null(await FindAsync(node, user, next));
        Assert.Equal(AccountChangeKind.DeviceStolen, Assert.Single(witness.Seen).Kind);
        Assert.Equal("192.0.2.1", witness.Seen[0].By.Address);
        Assert.Equal(1, await CountAsync(node, "audit where action = 'trusted-device-replayed'"));
        Assert.Equal(other, Assert.Single(await node.Get<Sessions>().ListAsync(user, Cancel)).Session.Id);
        Assert.Equal(1, await CountAsync(node, $"sessions where id = '{brought}' and ended_at is not null"));
        Assert.Equal(1, await CountAsync(node, $"refresh_families where handle = '{family}' and ended_at is not null"));
        Assert.Equal(1, await CountAsync(node, $"revocations where key = 'sid:{brought}'"));
        Assert.Equal(1, await CountAsync(node, $"revocations where key = 'grant:{family}'"));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Trust_ends_on_its_day_however_often_it_is_used(string kind)
    {
        await using var node = await StartAsync(kind);
        var user = await AddAsync(node, "otto");
        var shown = await GiveAsync(node, user);
        for (var day = 1; day < 30; day++)
        {
            clock.Advance(TimeSpan.FromDays(1));
            shown = (await UseAsync(node, user, shown))!;
        }

        clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1));
        Assert.NotNull(await FindAsync(node, user, shown));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await FindAsync(node, user, shown));
        Assert.Null(await UseAsync(node, user, shown));
        Assert.Equal(0, await CountAsync(node, "audit where action = 'trusted-device-replayed'"));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_person_has_ten_at_most_and_the_oldest_goes(string kind)
    {
        await using var node = await StartAsync(kind);
        var user = await AddAsync(node, "otto");
        var oldest = await GiveAsync(node, user);
        clock.Advance(TimeSpan.FromSeconds(1));
        var given = await Race.RunAsync(10, _ => GiveAsync(node, user));
        Assert.Equal(10, (await node.Get<TrustedDevices>().ListAsync(user, null, Cancel)).Count);
        Assert.Null(await FindAsync(node, user, oldest));
        Assert.All(await Task.WhenAll(given.Select(token => FindAsync(node, user, token))), Assert.NotNull);
    }

    [Theory, MemberData(nameof(Triggers))]
    public async Task Trust_ends_with_what_makes_it_worthless_and_with_nothing_else(string kind, string trigger, bool ends)
    {
        await using var node = await StartAsync(kind);
        var (users, bindings, devices) = (node.Get<Users>(), node.Get<FactorBindings>(), node.Get<TrustedDevices>());
        var (user, other) = (await AddAsync(node, "otto"), await AddAsync(node, "olga"));
        var binding = (await bindings.AddAsync(user, new("totp", null, [1]), here, Cancel))!;
        var shown = await GiveAsync(node, user);
        await BringAsync(node, user, shown.DeviceId);
        var theirs = await GiveAsync(node, other);

        clock.Advance(TimeSpan.FromSeconds(1));
        await (trigger switch
        {
            "password" => users.SetPasswordAsync(user, "another password", By.Tool("cli"), null, Cancel),
            "bind" => bindings.AddAsync(user, new("email", null, [1]), here, Cancel),
            "unbind" => bindings.RemoveAsync(user, binding.Id, here, Cancel),
            "rebind" => bindings.AddAsync(user, new("totp", null, [2]), here, Cancel, binding.Id),
            "disable" => users.SetDisabledAsync(user, true, By.Tool("cli"), Cancel),
            "disowned" => TellAsync(node, user, AccountChangeKind.Disowned),
            "remove" => devices.RemoveAsync(user, shown.DeviceId, here, Cancel),
            "remove all" => devices.RemoveAllAsync(user, here, Cancel),
            "ten more" => Race.RunAsync(10, _ => GiveAsync(node, user)),
            "unlock" => users.UnlockAsync(user, "cli", Cancel),
            "e-mail" => TellAsync(node, user, AccountChangeKind.EmailChanged),
            "new browser" => TellAsync(node, user, AccountChangeKind.NewBrowser),
            "another's password" => users.SetPasswordAsync(other, "another password", By.Tool("cli"), null, Cancel),
            _ => devices.RemoveAsync(other, shown.DeviceId, here, Cancel),
        });
        Assert.Equal(ends, await FindAsync(node, user, shown) is null);
        Assert.Equal(ends ? 0 : 1, await CountAsync(node, $"sessions where device_id = '{shown.DeviceId}' and ended_at is null"));
        Assert.Equal(trigger != "another's password", await FindAsync(node, other, theirs) is not null);
        // The tombstone stays for those who ask later.
        Assert.Equal(1, await CountAsync(node, $"trusted_devices where id = '{shown.DeviceId}'"));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Another_persons_cookie_is_looked_past_and_left_alone(string kind)
    {
        await using var node = await StartAsync(kind);
        var (otto, olga) = (await AddAsync(node, "otto"), await AddAsync(node, "olga"));
        var shown = await GiveAsync(node, otto);
        Assert.Null(await FindAsync(node, olga, shown));
        Assert.Null(await UseAsync(node, olga, shown));
        Assert.Null(await FindAsync(node, olga, shown with { Secret = Handles.New() }));
        Assert.NotNull(await FindAsync(node, otto, shown));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task The_list_says_which_one_asks_and_what_was_really_done(string kind)
    {
        await using var node = await StartAsync(kind);
        var user = await AddAsync(node, "otto");
        var there = await GiveAsync(node, user);
        clock.Advance(TimeSpan.FromMinutes(1));
        var mine = await GiveAsync(node, user);
        var list = await node.Get<TrustedDevices>().ListAsync(user, mine, Cancel);
        Assert.Equal([(mine.DeviceId, true), (there.DeviceId, false)], list.Select(view => (view.Id, view.IsThis)));
        Assert.Equal(("browser", "192.0.2.1", TimeSpan.FromDays(30)), (list[0].UserAgent, list[0].Address, list[0].ExpiresAt - list[0].GivenAt));
        Assert.Equal("totp", Assert.Single((await FindAsync(node, user, mine))!.Factors).Factor);
        Assert.DoesNotContain(await node.Get<TrustedDevices>().ListAsync(user, mine with { Secret = Handles.New() }, Cancel), view => view.IsThis);
    }

    [Fact]
    public async Task Where_it_is_switched_off_nothing_given_before_counts()
    {
        await using var node = await StartAsync("sqlite");
        var user = await AddAsync(node, "otto");
        var shown = await GiveAsync(node, user);
        var off = Devices(node, new Witness(), new IdpOptions { TrustedDevices = new() { Enabled = false } });
        Assert.Null(await off.FindAsync(user, shown, here, Cancel));
        Assert.NotNull(await FindAsync(node, user, shown));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_browser_never_seen_is_news_once_and_the_first_of_all_is_not(string kind)
    {
        await using var node = await StartAsync(kind);
        var (user, witness) = (await AddAsync(node, "otto"), new Witness());
        var browsers = new KnownBrowsers(node.Get<Database>(), new AccountWatchers([witness]), clock);
        Task<string> SeenAsync(params string[] handles) => node.Get<Database>().TransactAsync(lane => browsers.SeenAsync(lane, user, handles, here, Cancel), Cancel);
        var first = await SeenAsync();
        Assert.Equal(first, await SeenAsync(Handles.New(), first));
        Assert.Empty(witness.Seen);
        var second = await SeenAsync();
        Assert.NotEqual(first, second);
        Assert.All(await Race.RunAsync(16, _ => SeenAsync(second)), handle => Assert.Equal(second, handle));
        Assert.Equal(AccountChangeKind.NewBrowser, Assert.Single(witness.Seen).Kind);
    }

    /// <summary>Whoever plants a cookie has its handle too: it must not make their browser the owner's own.</summary>
    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_planted_handle_is_never_adopted(string kind)
    {
        await using var node = await StartAsync(kind);
        var (owner, mallory, browsers) = (await AddAsync(node, "otto"), await AddAsync(node, "mallory"), node.Get<KnownBrowsers>());
        Task<string> SeenAsync(string user, params string[] handles) => node.Get<Database>().TransactAsync(lane => browsers.SeenAsync(lane, user, handles, here, Cancel), Cancel);
        var planted = await SeenAsync(mallory);
        var made = await SeenAsync(owner, planted);
        Assert.NotEqual(planted, made);
        Assert.Null(await browsers.FindAsync(owner, [planted], Cancel));
        Assert.NotNull(await browsers.FindAsync(owner, [planted, made], Cancel));
        Assert.NotEqual(await browsers.FindAsync(owner, [made], Cancel), await browsers.FindAsync(mallory, [planted], Cancel));
        Assert.Null(await browsers.FindAsync(mallory, [made], Cancel));
        Assert.Null(await browsers.FindAsync(owner, [], Cancel));
    }

    /// <summary>Every sign-in looks; only the first of a day writes.</summary>
    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task When_a_browser_was_last_seen_is_kept_to_the_day(string kind)
    {
        await using var node = await StartAsync(kind);
        var user = await AddAsync(node, "otto");
        var browsers = new KnownBrowsers(node.Get<Database>(), new AccountWatchers([]), clock);
        string[] handles = [];
        async Task<DateTimeOffset> SeenAsync()
        {
            handles = [await node.Get<Database>().TransactAsync(lane => browsers.SeenAsync(lane, user, handles, here, Cancel), Cancel)];
            return await node.Get<Database>().FirstAsync("select last_seen_at from known_browsers where user_id = @user", row => row.Time(0), Cancel, ("@user", user));
        }

        var first = await SeenAsync();
        clock.Advance(TimeSpan.FromHours(23));
        Assert.Equal(first, await SeenAsync());
        clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal(first + TimeSpan.FromHours(25), await SeenAsync());
    }

    private async Task<StoreNode> StartAsync(string kind) => await StoreNode.StartAsync(await servers.Real.NewDatabaseAsync(kind), clock: clock);

    private TrustedDevices Devices(StoreNode node, Witness witness, IdpOptions? options = null) => new(
        node.Get<Database>(), node.Get<TrustEnding>(), node.Get<SessionEnding>(), new AccountWatchers([witness]), node.Get<AuditLog>(), node.Get<SecretProtector>(),
        options ?? node.Get<IdpOptions>(), clock);

    private Task<TrustToken> GiveAsync(StoreNode node, string user) => node.Get<Database>().TransactAsync(
        lane => node.Get<TrustedDevices>().GiveAsync(lane, user, [new("totp", "the totp", clock.GetUtcNow(), ["otp"])], here, Cancel), Cancel);

    private Task<TrustToken?> UseAsync(StoreNode node, string user, TrustToken shown) => node.Get<Database>().TransactAsync(
        lane => node.Get<TrustedDevices>().UseAsync(lane, user, shown, here, Cancel), Cancel);

    private Task<TrustedDevice?> FindAsync(StoreNode node, string user, TrustToken? shown) => node.Get<TrustedDevices>().FindAsync(user, shown, here, Cancel);

    /// <summary>A session, spared by the device or not, with a refresh family for the person's absence.</summary>
    private async Task<(string Sid, string Family)> BringAsync(StoreNode node, string user, string? device)
    {
        var company = new SessionCompany { DeviceId = device, Before = _ => Task.FromResult(true), After = (_, _) => Task.CompletedTask, Committed = () => Task.CompletedTask };
        var sid = (await node.Get<Sessions>().BeginAsync(user, Proofs.None with { PasswordAt = clock.GetUtcNow() }, null, null, null, Cancel, company))!.Value.Session.Id;
        var family = Handles.NewId();
        await node.Get<Database>().ExecuteAsync("""
            insert into refresh_families (handle, grant_id, user_id, session_id, client_id, grant_json, current_hash, salt, sliding_expiry, absolute_expiry)
            values (@handle, @handle, @user, @sid, 'app', '{}', @some, @some, @until, @until)
            """, Cancel, ("@handle", family), ("@user", user), ("@sid", sid), ("@some", Handles.Hash(family)), ("@until", clock.GetUtcNow().AddDays(30).Stored()));
        return (sid, family);
    }

    private Task<bool> TellAsync(StoreNode node, string user, AccountChangeKind kind) => node.Get<Database>().TransactAsync(async lane =>
    {
        await node.Get<AccountWatchers>().TellAsync(lane, new(user, kind, here), Cancel);
        return true;
    }, Cancel);

    private static async Task<string> AddAsync(StoreNode node, string name) =>
        (await node.Get<Users>().AddAsync(new() { UserName = name, Email = name + "@example.com" }, null, "test", Cancel))!;

    private static async Task<long> CountAsync(StoreNode node, string what) =>
        await node.Get<Database>().FirstAsync("select count(*) from " + what, row => row.GetInt64(0), Cancel);

    private sealed class Witness : IAccountWatcher
    {
        public List<AccountChange> Seen { get; } = [];

        public Task OnChangeAsync(Lane lane, AccountChange change, CancellationToken cancel)
        {
            lock (Seen)
                Seen.Add(change);
            return Task.CompletedTask;
        }
    }
}
