using System.Globalization;
using System.Net;
using System.Net.Sockets;
using IdP.Protocol;
using IdP.Server.Hosting;
using IdP.Server.Storage;
using IdP.Server.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace IdP.Server.Tests.Hosting;

/// <summary>A node that starts before its stores waits for them, and says so.</summary>
public sealed class StartPatienceTests(Servers servers) : IDisposable
{
    private readonly FakeTimeProvider clock = new() { AutoAdvanceAmount = TimeSpan.Zero };
    private readonly CapturedLog log = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_store_that_stays_away_is_waited_for_a_minute_with_a_line_every_five_seconds()
    {
        var (tries, waiting) = (0, 0);
        var start = UntilThere(() =>
        {
            tries++;
            throw new StoreUnavailableException("The database did not answer.");
        }, () => waiting++);
        await PassAsync(start, TimeSpan.FromSeconds(70));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => start);
        Assert.Equal((61, 1), (tries, waiting));
        Assert.Equal(12, log.Lines.Count(line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("the database is away", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_store_that_comes_is_gone_on_with()
    {
        var tries = 0;
        var start = UntilThere(() => ++tries > 7 ? Task.CompletedTask : throw new StoreUnavailableException("away"), () => { });
        await PassAsync(start, TimeSpan.FromSeconds(10));
        await start;
        Assert.Equal(8, tries);
        Assert.Contains(log.Lines, line => line.Contains("the database is there after 7 s", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_waiting_does_not_mend_is_not_waited_for()
    {
        Exception[] lasting =
        [
            new UnwritableException("The database /proc/x.db cannot be written."), new InvalidOperationException("a bug"),
            new StoreUnavailableException("closed", new PostgresException("password authentication failed", "FATAL", "FATAL", "28P01")),
            new StoreUnavailableException("closed", new PostgresException("there is no such database", "FATAL", "FATAL", "3D000")),
        ];
        foreach (var problem in lasting)
            Assert.Same(problem, await Record.ExceptionAsync(() => UntilThere(() => throw problem, () => Assert.Fail("It waits."))));
    }

    [Fact]
    public async Task A_node_is_not_ready_while_its_stores_are_away_and_serves_once_they_are_there()
    {
        var (postgres, redis, port, management) = (TestIdp.FreePort(), TestIdp.FreePort(), TestIdp.FreePort(), TestIdp.FreePort());
        var database = await servers.Real.NewDatabaseAsync("postgres");
        var real = new NpgsqlConnectionStringBuilder(database["postgres:".Length..]).Port;
        var folder = Directory.CreateTempSubdirectory("idp-wait-");
        await using (var node = new ChildProcess(Path.Combine(AppContext.BaseDirectory, "idp"),
            [
                "serve", "--Issuer", Url(port), "--Listen:Urls", Url(port), "--Listen:Management", Url(management), "--DataDirectory", folder.FullName,
                "--Storage:Database", string.Create(CultureInfo.InvariantCulture, $"{database};Port={postgres}"),
                "--Storage:Ephemeral", string.Create(CultureInfo.InvariantCulture, $"redis:127.0.0.1:{redis}"),
                "--Secrets:MasterKey", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
            ]))
        {
            await node.SaysAsync("the database is away");
            Assert.Equal((503, """{"status":"not ready","waitingFor":"the database"}"""), await HealthAsync(management, "ready"));
            Assert.Equal(200, (await HealthAsync(management, "live")).Status);
            using var toPostgres = new Relay(postgres, real);
            await node.SaysAsync("Redis is away");
            Assert.Equal((503, """{"status":"not ready","waitingFor":"Redis"}"""), await HealthAsync(management, "ready"));
            using var toRedis = new Relay(redis, int.Parse(servers.Real.Redis.Split(':')[2], CultureInfo.InvariantCulture));
            await node.ListeningAsync(port);
            await node.SaysAsync("Application started");
            Assert.Equal(200, (await HealthAsync(management, "ready")).Status);
        }

        folder.Delete(recursive: true);
    }

    public void Dispose() => log.Dispose();

    private Task UntilThere(Func<Task> work, Action waiting)
    {
        using var factory = LoggerFactory.Create(builder => builder.AddProvider(log));
        return new StartPatience(clock, factory.CreateLogger<StartPatience>()).UntilThereAsync("the database", work, () =>
        {
            waiting();
            return Task.CompletedTask;
        }, Cancel);
    }

    private async Task PassAsync(Task start, TimeSpan most)
    {
        for (var passed = TimeSpan.Zero; passed < most && !start.IsCompleted; passed += TimeSpan.FromSeconds(1))
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }

    private static string Url(int port) => string.Create(CultureInfo.InvariantCulture, $"http://localhost:{port}");

    private static async Task<(int Status, string Body)> HealthAsync(int port, string what)
    {
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri($"{Url(port)}/health/{what}"), Cancel);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    /// <summary>A server that comes up late: what is sent to one port goes to another.</summary>
    private sealed class Relay : IDisposable
    {
        private readonly TcpListener listener;

        public Relay(int from, int to)
        {
            listener = new TcpListener(IPAddress.Loopback, from);
            listener.Start();
            _ = AcceptAsync(to);
        }

        public void Dispose() => listener.Dispose();

        private async Task AcceptAsync(int to)
        {
            try
            {
                while (true)
                    _ = CarryAsync(await listener.AcceptTcpClientAsync(Cancel), to);
            }
            catch (Exception closed) when (closed is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // The test is over.
            }
        }

        private static async Task CarryAsync(TcpClient caller, int to)
        {
            using var near = caller;
            using var far = new TcpClient();
            try
            {
                await far.ConnectAsync(IPAddress.Loopback, to, Cancel);
                await Task.WhenAny(near.GetStream().CopyToAsync(far.GetStream(), Cancel), far.GetStream().CopyToAsync(near.GetStream(), Cancel));
            }
            catch (Exception cut) when (cut is SocketException or IOException or OperationCanceledException)
            {
                // Either side hung up.
            }
        }
    }
}
