using System.Globalization;
using System.Text;
using IdP.Server.Storage;
using IdP.Server.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace IdP.Server.Tests.Attacks;

/// <summary>What anybody may leave here without a password is little and bounded: a flood of it stands in nobody's way.</summary>
public sealed class FloodTests
{
    private const int People = 20;

    private static readonly Dictionary<string, string> BehindAProxy = new() { ["Proxies:Known:0"] = "127.0.0.1" };

    /// <summary>A thirtieth of the flood against a thirtieth of the store, between the pages of people who take their time.</summary>
    [Theory]
    [InlineData(StorePair.SqliteAndMemory)]
    [InlineData(StorePair.PostgresAndRedis)]
    public async Task A_flood_before_the_password_stops_nobody(StorePair pair)
    {
        const int capacity = (int)(MemoryStore.UsualCapacity / 30);
        await using var idp = await TestIdp.StartAsync(pair, new TestIdpOptions
        {
            Seed = new Seed(otpPeople: People),
            Settings = BehindAProxy,
            Replace = services => services.AddSingleton<IEphemeralStore>(provider => pair == StorePair.SqliteAndMemory
                ? new MemoryStore(provider.GetRequiredService<TimeProvider>(), capacity)
                : new RedisStore(provider.GetRequiredService<IdP.Server.Hosting.IdpOptions>().Storage.Ephemeral["redis:".Length..], capacity)),
        });
        var flood = new Flood(idp);
        var people = Enumerable.Range(0, People).Select(n => new SlowPerson(idp, n)).ToList();
        // At this time nobody has more than a page.
        foreach (var person in people)
            await person.OpenAsync();
        await flood.RunAsync(300, addresses: 1);
        foreach (var person in people)
            await person.TypePasswordAsync();
        await flood.RunAsync(300, addresses: 50);
        await idp.ForwardAsync(TimeSpan.FromSeconds(8));
        foreach (var person in people)
            await person.TypeCodeAsync();
        await flood.RunAsync(400, addresses: 50);
        foreach (var person in people)
            await person.RedeemAsync();
        people.ForEach(person => person.Dispose());
    }

    /// <summary>The size of the flood that was seen to stop all sign-ins, on a server with its usual store, with people who take eight seconds for a page.</summary>
    [Theory, Thorough]
    [InlineData(StorePair.SqliteAndMemory)]
    [InlineData(StorePair.PostgresAndRedis)]
    public async Task A_flood_of_30000_stops_nobody_and_leaves_little(StorePair pair)
    {
        const long mostGrowth = 64 << 20;
        await using var idp = await TestIdp.StartAsync(pair, new TestIdpOptions
        {
            OwnProcess = true, Settings = BehindAProxy, Seed = new Seed(otpPeople: 3 * People),
        });
        var flood = new Flood(idp);
        // Warm: what the server holds when it works is not the flood's.
        await PassAllAsync(idp, 0, TimeSpan.Zero);
        await flood.RunAsync(300, addresses: 1);
        var before = await HeldAsync(idp);
        for (var round = 1; round <= 2; round++)
        {
            using var over = new CancellationTokenSource();
            var attack = flood.RunAsync(30_000, addresses: round == 1 ? 1 : 50, forever: true, over.Token);
            await PassAllAsync(idp, round * People, TimeSpan.FromSeconds(8));
            await over.CancelAsync();
            Assert.True(await attack >= 30_000, "the people were faster than the flood");
            var now = await HeldAsync(idp);
            TestContext.Current.SendDiagnosticMessage($"{pair}: {flood.Sent} sent; server {before.Server >> 20} -> {now.Server >> 20} MB, Redis {before.Redis >> 20} -> {now.Redis >> 20} MB");
        }

        var after = await HeldAsync(idp);
        Assert.InRange(after.Server - before.Server, long.MinValue, mostGrowth);
        Assert.InRange(after.Redis - before.Redis, long.MinValue, mostGrowth);
    }

    private static Task PassAllAsync(TestIdp idp, int first, TimeSpan pause) => Task.WhenAll(Enumerable.Range(first, People).Select(async n =>
    {
        using var person = new SlowPerson(idp, n);
        await person.OpenAsync();
        await Task.Delay(pause);
        await person.TypePasswordAsync();
        await Task.Delay(pause);
        await person.TypeCodeAsync();
        await Task.Delay(pause);
        await person.RedeemAsync();
    }));

    private static async Task<(long Server, long Redis)> HeldAsync(TestIdp idp)
    {
        var pages = long.Parse((await File.ReadAllTextAsync($"/proc/{idp.ProcessId()}/statm")).Split(' ')[1], CultureInfo.InvariantCulture);
        if (idp.Pair == StorePair.SqliteAndMemory)
            return (pages * Environment.SystemPageSize, 0);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(idp.Ephemeral["redis:".Length..] + ",allowAdmin=true");
        var used = (await redis.GetServers()[0].InfoAsync("memory")).SelectMany(group => group).First(line => line.Key == "used_memory").Value;
        return (pages * Environment.SystemPageSize, long.Parse(used, CultureInfo.InvariantCulture));
    }

    /// <summary>Opens as long a request as there may be, put aside by a post, again and again without a cookie.</summary>
    private sealed class Flood(TestIdp idp)
    {
        private readonly string claims = "{\"userinfo\":{\"" + new string('汉', 900) + "\":null}}";
        private int sent;

        public int Sent => sent;

        /// <returns>How many were sent.</returns>
        public async Task<int> RunAsync(int count, int addresses, bool forever = false, CancellationToken over = default)
        {
            using var wire = Browser.Through(idp.Ports[0]);
            var opened = 0;
            await Task.WhenAll(Enumerable.Range(0, 8).Select(async worker =>
            {
                var address = "";
                Uri? target = null;
                while (Interlocked.Increment(ref opened) is var n && (n <= count || (forever && !over.IsCancellationRequested)))
                {
                    address = $"198.51.100.{n % addresses}";
                    target ??= await PutAsideAsync(wire, address);
                    using var response = await SendAsync(wire, new(HttpMethod.Get, target), address);
                    // What was put aside has had to make room itself, or its time was over: again.
                    if ((int)response.StatusCode == 400)
                        target = null;
                    else
                        Assert.True(Leads(response) == "/sign-in", $"request {n}: {(int)response.StatusCode} to {response.Headers.Location}");
                    Interlocked.Increment(ref sent);
                }
            }));
            return opened;
        }

        private string? Leads(HttpResponseMessage response) =>
            response.Headers.Location is { } location ? new Uri(new Uri(idp.Issuer), location).AbsolutePath : null;

        private async Task<Uri> PutAsideAsync(HttpMessageInvoker wire, string address)
        {
            Dictionary<string, string> form = new()
            {
                ["client_id"] = "idp-account", ["response_type"] = "code", ["scope"] = "openid", ["redirect_uri"] = idp.Issuer + "/account/return",
                ["state"] = new string('汉', 480), ["nonce"] = new string('字', 200), ["login_hint"] = new string('字', 50), ["claims"] = claims,
            };
            // Nearly 16 KB percent-encoded, nine bytes a character: as much as a request may have.
            using var content = new StringContent(
                string.Join('&', form.Select(field => $"{field.Key}={field.Value}")), Encoding.UTF8, "application/x-www-form-urlencoded");
            using var response = await SendAsync(wire, new(HttpMethod.Post, idp.Issuer + "/connect/authorize") { Content = content }, address);
            Assert.Equal("/connect/authorize", Leads(response));
            return new Uri(new Uri(idp.Issuer), response.Headers.Location!);
        }

        private static Task<HttpResponseMessage> SendAsync(HttpMessageInvoker wire, HttpRequestMessage request, string address)
        {
            request.Headers.TryAddWithoutValidation("X-Forwarded-For", address);
            return wire.SendAsync(request, default);
        }
    }

    /// <summary>Somebody with a second factor; every second one is behind the very address that the flood comes from.</summary>
    private sealed class SlowPerson(TestIdp idp, int number) : IDisposable
    {
        private readonly Person person = idp.Seed.WithOtp[number];
        private readonly AuthorizationAsk ask = idp.App(TestClient.Web).Ask();
        private readonly Browser browser = idp.Browser();
        private Stop? at;

        public async Task OpenAsync()
        {
            browser.Address = number % 2 == 0 ? "198.51.100.0" : $"203.0.113.{number}";
            Step(await browser.OpenAsync(ask.Url), "/sign-in");
        }

        public async Task TypePasswordAsync() => Step(await browser.SubmitAsync(
            at!, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in"), "/verify");

        public async Task TypeCodeAsync() => Step(await browser.SubmitAsync(at!, new Dictionary<string, string> { ["code"] = person.CodeAt(idp.Clock) }, "/verify"), "client");

        public async Task RedeemAsync() => (await idp.App(TestClient.Web).RedeemAsync(at!.MustAnswer(), ask)).MustSucceed();

        public void Dispose() => browser.Dispose();

        private void Step(Stop stop, string expected)
        {
            Assert.True(stop.At == expected, $"{person.UserName}: {stop.Describe()}");
            at = stop;
        }
    }
}
