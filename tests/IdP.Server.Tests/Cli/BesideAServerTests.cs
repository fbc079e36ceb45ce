using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Cli;

/// <summary>The operators' tools beside a running server: it sees what they did within five seconds, on SQLite too.</summary>
public sealed class BesideAServerTests
{
    [Theory]
    [InlineData(StorePair.SqliteAndMemory)]
    [InlineData(StorePair.PostgresAndRedis)]
    public async Task A_running_server_sees_clients_come_and_go_and_keys_rotate(StorePair pair)
    {
        await using var idp = await TestIdp.StartAsync(pair);
        const string ask = "/connect/authorize?client_id=fresh&response_type=code&redirect_uri=https%3A%2F%2Ffresh.example%2Fcb&scope=openid&code_challenge_method=S256&code_challenge=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        Assert.Equal(400, (await idp.GetAsync(ask)).Status);

        Assert.Equal(0, (await idp.CliAsync("client", "add", "fresh", "--redirect-uri", "https://fresh.example/cb", "--scope", "openid")).ExitCode);
        await WithinFiveSecondsAsync(async () => (await idp.GetAsync(ask)).Status == 303);

        var keys = (await idp.GetAsync("/.well-known/jwks.json")).Body;
        Assert.Equal(0, (await idp.CliAsync("keys", "rotate", "--alg", "ES256")).ExitCode);
        await WithinFiveSecondsAsync(async () => (await idp.GetAsync("/.well-known/jwks.json")).Body != keys);

        Assert.Equal(0, (await idp.CliAsync("client", "remove", "fresh")).ExitCode);
        await WithinFiveSecondsAsync(async () => (await idp.GetAsync(ask)).Status == 400);
    }

    private static async Task WithinFiveSecondsAsync(Func<Task<bool>> holds)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(5), "not seen within five seconds");
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
    }
}
