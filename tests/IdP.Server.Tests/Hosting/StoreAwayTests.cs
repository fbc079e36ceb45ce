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
}
