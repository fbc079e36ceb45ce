using System.Globalization;
using System.Text.Json.Nodes;
using IdP.Server.Tests.Support;
using IdP.Support;

namespace IdP.Server.Tests.Hosting;

/// <summary>A store that goes away under a running server, and comes back: told by <c>/health/ready</c>, met with 503, healed without a restart.</summary>
public sealed class StoreAwayTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private readonly int management = TestIdp.FreePort();

    [Fact]
    public async Task Redis_goes_and_comes_back()
    {
        var port = TestIdp.FreePort();
        var redis = await RedisAsync(port);
        try
        {
            await using var idp = await StartAsync(("Storage:Ephemeral", string.Create(CultureInfo.InvariantCulture, $"redis:127.0.0.1:{port}")));
            await ReadyAsync(idp, 200, database: true, ephemeral: true);
            await redis.KillAsync();
            await ReadyAsync(idp, 503, database: true, ephemeral: false);
            Assert.Equal("""{"status":"live"}""", (await HealthAsync(idp, "live")).Body);
            redis = await RedisAsync(port);
            await ReadyAsync(idp, 200, database: true, ephemeral: true);
        }
        finally
        {
            await redis.DisposeAsync();
        }
    }

    /// <summary>A password that was changed under a running server is an outage like any other, not a bug.</summary>
    [Fact]
    public async Task The_database_shuts_us_out_and_lets_us_in_again()
    {
        var database = await Servers.NewPostgresDatabaseAsync();
        await Servers.KeyedRoleAsync(database, "right");
        await using var idp = await StartAsync(("Storage:Database", $"{database};Username={RealServers.KeyedRole};Password=right"));
        await ReadyAsync(idp, 200, database: true, ephemeral: true);
        Assert.Equal(400, (await AskAsync(idp)).Status);

        await Servers.KeyedRoleAsync(database, "rotated");
        await Servers.SqlAsync(database, $"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{RealServers.KeyedRole}'");
        await ReadyAsync(idp, 503, database: false, ephemeral: true);
        var refused = await AskAsync(idp);
        Assert.Equal(503, refused.Status);
        Assert.NotNull(refused.Head["Retry-After"]);

        await Servers.KeyedRoleAsync(database, "right");
        await ReadyAsync(idp, 200, database: true, ephemeral: true);
        Assert.Equal(400, (await AskAsync(idp)).Status);
    }

    /// <summary>For longer than anything is remembered for; what is public and what others check signatures with goes on.</summary>
    [Fact]
    public async Task Without_the_database_keys_and_documents_are_served_and_everything_else_is_refused_in_time()
    {
        var database = await Servers.NewPostgresDatabaseAsync();
        await Servers.KeyedRoleAsync(database, "right");
        await using var idp = await StartAsync(("Storage:Database", $"{database};Username={RealServers.KeyedRole};Password=right"));
        using var member = new Member(idp);
        await member.SignInAsync();
        var before = await PublicAsync(idp);

        await Servers.KeyedRoleAsync(database, "rotated");
        await Servers.SqlAsync(database, $"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{RealServers.KeyedRole}'");
        // The client was asked about last: when it is forgotten, so is all that was remembered before it.
        await EventuallyAsync(async () => (await idp.GetAsync("/connect/authorize?client_id=web")).Status == 503);
        await EventuallyAsync(async () => (await member.UserInfoAsync()).Status == 503);

        Assert.Equal(before, await PublicAsync(idp));
        Assert.Equal("mfa", (await idp.ReadAsync(member.Tokens.IdToken, TestClient.Web.Id)).Acr);
        foreach (var ask in (Func<Task<TokenAnswer>>[])[member.UserInfoAsync, member.IntrospectAsync, member.RefreshAsync, member.RobotAsync, member.PushAsync])
            await RefusedInTimeAsync(ask);
        await CalmInTimeAsync(() => member.Browser.VisitAsync("/account"));
        await CalmInTimeAsync(() => member.Browser.OpenAsync(member.App.Ask().Url));
    }

    [Fact]
    public async Task Without_Redis_whoever_is_signed_in_goes_on_and_what_needs_it_is_refused_in_time()
    {
        var port = TestIdp.FreePort();
        await using var redis = await RedisAsync(port);
        await using var idp = await StartAsync(("Storage:Ephemeral", string.Create(CultureInfo.InvariantCulture, $"redis:127.0.0.1:{port}")));
        using var member = new Member(idp);
        await member.SignInAsync();
        using var half = idp.Browser();
        var signIn = await half.OpenAsync(member.App.Ask().Url);
        var before = await PublicAsync(idp);

        await redis.KillAsync();
        await ReadyAsync(idp, 503, database: true, ephemeral: false);
        Assert.Equal(before, await PublicAsync(idp));
        (await member.UserInfoAsync()).MustSucceed();
        Assert.True((await member.IntrospectAsync()).MustSucceed().Json!["active"]!.GetValue<bool>());
        Assert.Equal("mfa", (await idp.ReadAsync((await member.RefreshAsync()).MustSucceed().IdToken, TestClient.Web.Id)).Acr);
        (await member.RobotAsync()).MustSucceed();
        foreach (var page in (string[])["/account", "/account/sessions", "/account/two-step"])
        {
            var seen = await member.Browser.VisitAsync(page);
            Assert.True((seen.At, seen.Status, seen.PersonError) == (page, System.Net.HttpStatusCode.OK, null), seen.Describe());
        }

        await RefusedInTimeAsync(member.PushAsync);
        await CalmInTimeAsync(() => half.OpenAsync(member.App.Ask().Url));
        await CalmInTimeAsync(() => half.SubmitAsync(signIn, new Dictionary<string, string> { ["userName"] = member.Person.UserName, ["password"] = member.Person.Password }, "/sign-in"));
        await CalmInTimeAsync(() => member.Browser.OpenAsync(member.App.Ask().Url));
    }

    private Task<TestIdp> StartAsync((string Name, string Value) store) => TestIdp.StartAsync(StorePair.PostgresAndRedis, new TestIdpOptions
    {
        Seed = new Seed(otpPeople: 1),
        Settings = new Dictionary<string, string> { ["Listen:Management"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{management}"), [store.Name] = store.Value },
    });

    private static async Task<ChildProcess> RedisAsync(int port)
    {
        var redis = new ChildProcess("redis-server", ["--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        await redis.ListeningAsync(port);
        return redis;
    }

    /// <summary>A client nobody has heard of: only the database knows that.</summary>
    private static Task<TokenAnswer> AskAsync(TestIdp idp) => idp.GetAsync($"/connect/authorize?client_id={System.Security.Cryptography.RandomNumberGenerator.GetHexString(32)}");

    /// <summary>What anybody may read, as served.</summary>
    private static async Task<string[]> PublicAsync(TestIdp idp)
    {
        List<string> bodies = [];
        foreach (var path in (string[])["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/.well-known/jwks.json"])
            bodies.Add((await InTimeAsync(() => idp.GetAsync(path))).MustSucceed().Body);
        return [.. bodies];
    }

    private static async Task RefusedInTimeAsync(Func<Task<TokenAnswer>> ask)
    {
        var answer = await InTimeAsync(ask);
        Assert.True((answer.Status, answer.Error) == (503, "temporarily_unavailable"), $"{answer.Status} {answer.Body}");
        Assert.NotNull(answer.Head["Retry-After"]);
    }

    private static async Task CalmInTimeAsync(Func<Task<Stop>> go)
    {
        var stop = await InTimeAsync(go);
        Assert.True(((int)stop.Status, stop.PersonError) == (503, "temporarily_unavailable"), stop.Describe());
        Assert.NotNull(stop.Trail[^1].Head["Retry-After"]);
    }

    private static async Task<T> InTimeAsync<T>(Func<Task<T>> work)
    {
        var started = TimeProvider.System.GetTimestamp();
        var done = await work();
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        return done;
    }

    private static async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        for (var started = TimeProvider.System.GetTimestamp(); !await holds(); await Task.Delay(100, TestContext.Current.CancellationToken))
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience, "It did not come true in time.");
    }

    private async Task ReadyAsync(TestIdp idp, int status, bool database, bool ephemeral)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var answer = await HealthAsync(idp, "ready");
            if (answer.Status == status)
            {
                var told = Assert.IsType<JsonObject>(JsonNode.Parse(answer.Body));
                Assert.Equal((database, ephemeral), (told["database"]!.GetValue<bool>(), told["ephemeral"]!.GetValue<bool>()));
                return;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience, $"{answer.Status} {answer.Body}");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private async Task<(int Status, string Body)> HealthAsync(TestIdp idp, string what)
    {
        using var sender = Browser.Through(management);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{idp.Issuer}/health/{what}");
        using var answer = await sender.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Somebody who was signed in, with a second factor, before the store went.</summary>
    private sealed class Member(TestIdp idp) : IDisposable
    {
        public Browser Browser { get; } = idp.Browser();
        public Person Person { get; } = idp.WithOtp();
        public RelyingParty App { get; } = idp.App(TestClient.Web);
        public TokenAnswer Tokens { get; private set; } = null!;

        public async Task SignInAsync()
        {
            var ask = App.Ask("openid offline_access").With("prompt", "consent");
            Tokens = (await App.RedeemAsync((await idp.SignInAsync(Browser, ask, Person)).MustAnswer(), ask)).MustSucceed();
        }

        public Task<TokenAnswer> UserInfoAsync() => App.UserInfoAsync(Tokens.AccessToken);

        public Task<TokenAnswer> IntrospectAsync() => App.PostAsync("/connect/introspect", new Dictionary<string, string> { ["token"] = Tokens.AccessToken });

        public Task<TokenAnswer> RefreshAsync() => App.RefreshAsync(Tokens.RefreshToken);

        public Task<TokenAnswer> RobotAsync() => App.PostAsync("/connect/token", new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["scope"] = "api" });

        public Task<TokenAnswer> PushAsync() => App.PushAsync(App.Ask());

        public void Dispose() => Browser.Dispose();
    }
}
