using System.Data.Common;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using IdP.Protocol.Clients;
using IdP.Server.Accounts;
using IdP.Server.Hosting;
using IdP.Server.Mail;
using IdP.Server.Storage;
using IdP.Server.Storage.Keys;
using IdP.Server.Storage.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IdP.Server.Tests.Support;

/// <summary>
/// The whole server in this process: real Kestrel on free ports, real stores, one node or several that share them, a clock the test can push.
/// Every node answers under one issuer; <see cref="Browser"/> and <see cref="SendAsync"/> choose the node.
/// </summary>
public sealed class TestIdp : IAsyncDisposable
{
    /// <summary>Few tests are about what a password costs; the others need not wait for it.</summary>
    internal static readonly PasswordCost CheapPasswords = new(64, 1);

    private readonly TestStores stores;
    private readonly TestIdpOptions options;
    private readonly string folder = Directory.CreateTempSubdirectory("idp-test-").FullName;
    private readonly string masterKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private readonly List<IAsyncDisposable> running = [];
    private readonly List<HttpMessageInvoker> senders = [];
    private int plain;
    private int withOtp;
    private int fresh;

    private TestIdp(TestStores stores, TestIdpOptions options)
    {
        this.stores = stores;
        this.options = options;
        Ports = [.. Enumerable.Range(0, options.Nodes).Select(_ => FreePort())];
        Issuer = $"{Scheme}://{options.Host}:{Ports[0]}";
        Postbox.Fetch = SendMailsAsync;
    }

    public string Issuer { get; }
    private string Scheme => options.Https ? "https" : "http";
    public IReadOnlyList<int> Ports { get; }
    public MovableClock Clock { get; } = new();
    public CapturedLog Log { get; } = new();
    /// <summary>Where the mails of all nodes of this process end, unless they have a mail server.</summary>
    internal Postbox Postbox { get; } = new();
    public Seed Seed => options.Seed;
    public StorePair Pair => stores.Pair;

    public static async Task<TestIdp> StartAsync(StorePair pair, TestIdpOptions? options = null)
    {
        var idp = new TestIdp(await TestStores.FreshAsync(pair), options ?? new TestIdpOptions());
        try
        {
            if (idp.options.OwnProcess)
                await idp.PlantAsync();
            for (var node = 0; node < idp.options.Nodes; node++)
            {
                idp.running.Add(await idp.NewNodeAsync(node));
                idp.senders.Add(Support.Browser.Through(idp.Ports[node]));
            }

            if (!idp.options.OwnProcess)
                await idp.Seed.PlantAsync(((WebApplication)idp.running[0]).Services);
        }
        catch
        {
            await idp.DisposeAsync();
            throw;
        }

        return idp;
    }

    /// <summary>Someone without a second factor; one of a few, in turn.</summary>
    public Person Plain() => Seed.Plain[(Interlocked.Increment(ref plain) - 1) % Seed.Plain.Count];

    /// <summary>Someone with an OTP bound, not used by another test.</summary>
    public Person WithOtp() => Seed.WithOtp[Interlocked.Increment(ref withOtp) - 1];

    /// <summary>Somebody nobody else in these tests meets: no factor bound.</summary>
    public async Task<Person> NewPersonAsync()
    {
        // Servers share one mail server: nobody's address is anybody else's.
        var name = $"new{Interlocked.Increment(ref fresh)}-{new Uri(Issuer).Port}";
        var person = new Person(name, $"brand-{name}-new-horse");
        await Seed.AddAsync(Service<IServiceProvider>(), person);
        return person;
    }

    public Browser Browser() => new(new Uri(Issuer), Ports);

    public RelyingParty App(TestClient client, string authentication = "client_secret_basic") => new(client, this) { Authentication = authentication };

    /// <summary>A service of the first node, for the few things no front door shows.</summary>
    internal T Service<T>(int node = 0) where T : notnull => ((WebApplication)running[node]).Services.GetRequiredService<T>();

    /// <summary>What the durable store holds, for what no front door shows of a node that is a process of its own; default when there is no such row.</summary>
    internal async Task<T?> StoredAsync<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] values)
    {
        await using var database = new Database(new IdpOptions { Storage = new() { Database = stores.Database } });
        return await database.FirstAsync(sql, read, CancellationToken.None, values);
    }

    /// <summary>Ends a node for good; the others go on.</summary>
    internal ValueTask EndNodeAsync(int node) => running[node].DisposeAsync();

    public async Task<TokenAnswer> SendAsync(HttpRequestMessage request, int node = 0)
    {
        using var response = await senders[node].SendAsync(request, CancellationToken.None);
        var body = await response.Content.ReadAsStringAsync();
        var json = response.Content.Headers.ContentType?.MediaType is { } type && type.EndsWith("json", StringComparison.Ordinal) && body.StartsWith('{') ? JsonNode.Parse(body) as JsonObject : null;
        return new TokenAnswer((int)response.StatusCode, HttpResponseHead.Of(response), body, json);
    }

    public async Task<TokenAnswer> GetAsync(string path, int node = 0)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Issuer + path);
        return await SendAsync(request, node);
    }

    public async Task<IdToken> ReadAsync(string idToken, string audience) =>
        await IdToken.ReadAsync(idToken, (await GetAsync("/.well-known/jwks.json")).Body, Issuer, audience, Clock);

    /// <summary>Signs in: goes to the client's request and gives whatever is asked for, until the client is answered or a page has another question.</summary>
    public async Task<Stop> SignInAsync(Browser browser, AuthorizationAsk ask, Person person)
    {
        ArgumentNullException.ThrowIfNull(browser);
        ArgumentNullException.ThrowIfNull(ask);
        return await PassAsync(browser, await browser.OpenAsync(ask.Url), person);
    }

    public async Task<Stop> PassAsync(Browser browser, Stop at, Person person)
    {
        ArgumentNullException.ThrowIfNull(browser);
        ArgumentNullException.ThrowIfNull(at);
        ArgumentNullException.ThrowIfNull(person);
        for (var step = 0; step < 5; step++)
        {
            var next = at.At switch
            {
                "/sign-in" => await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in"),
                "/verify" => await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = person.CodeAt(Clock) }, "/verify"),
                "/consent" => await browser.SubmitAsync(at, new Dictionary<string, string> { ["decision"] = "allow" }, "/consent"),
                _ => null,
            };
            if (next is null || next.At == at.At)
                return next ?? at;
            at = next;
        }

        return at;
    }

    /// <summary>Pushes the clock, and does what the nodes of this process do in the background every few seconds: caches of an earlier time are not used any more.</summary>
    public async Task ForwardAsync(TimeSpan by)
    {
        Clock.Forward(by);
        foreach (var node in running.OfType<WebApplication>())
        {
            await node.Services.GetRequiredService<RevocationList>().RefreshAsync(default);
            await node.Services.GetRequiredService<KeyStore>().RefreshAsync(default);
        }

        await SendMailsAsync();
    }

    /// <summary>As long as it takes until every node knows what another one, or an operator, has changed.</summary>
    public Task UntilAllKnowAsync() => ForwardAsync(TimedCache<string, string>.Usual + TimeSpan.FromSeconds(1));

    /// <summary>Delivers what is due in the outbox, instead of waiting until a node looks.</summary>
    private async Task SendMailsAsync()
    {
        foreach (var node in running.OfType<WebApplication>().Take(1))
            await node.Services.GetRequiredService<Outbox>().SendDueAsync(default);
    }

    /// <summary>Adds a client while the server runs.</summary>
    internal Task RegisterAsync(Client client) => Seed.RegisterAsync(((WebApplication)running[0]).Services, client);

    /// <summary>Runs a verb of <c>idp</c> as its own process beside the running nodes, as an operator does.</summary>
    public async Task<(int ExitCode, string Output)> CliAsync(params string[] arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var start = new ProcessStartInfo(BuiltServer.Program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var (name, value) in Environment(0))
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, string.Concat(output));
    }

    /// <summary>A file for the command line, in the folder that it works in.</summary>
    public async Task<string> WriteAsync(string name, string text)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, name), text);
        return name;
    }

    /// <summary>Stops a node and starts it again on the same stores.</summary>
    public async Task RestartAsync(int node = 0)
    {
        await running[node].DisposeAsync();
        running[node] = await NewNodeAsync(node);
    }

    /// <summary>kill -9, for a node that is a process of its own; <see cref="RestartAsync"/> brings it back.</summary>
    public Task KillAsync(int node = 0) => ((ChildProcess)running[node]).KillAsync();

    /// <summary>kill -9, and up again on the same stores.</summary>
    public async Task CrashAsync(int node = 0)
    {
        await KillAsync(node);
        await RestartAsync(node);
    }

    /// <summary>A node that was killed comes back as a host in this process, on the same stores: with the clock that the test can push.</summary>
    public async Task ReturnHereAsync(int node = 0)
    {
        await running[node].DisposeAsync();
        var host = Build(node);
        await host.StartAsync();
        running[node] = host;
    }

    /// <summary>What a node that is a process of its own has printed since it was started.</summary>
    public string PrintedBy(int node = 0) => ((ChildProcess)running[node]).Output;

    /// <summary>Of a node that is a process of its own.</summary>
    public int ProcessId(int node = 0) => ((ChildProcess)running[node]).Id;

    /// <summary>The value of <c>Storage:Ephemeral</c>.</summary>
    public string Ephemeral => stores.Ephemeral;

    /// <summary>What nodes shared for a while is gone, and they were told nothing.</summary>
    public Task EmptyRedisAsync() => stores.EmptyRedisAsync();

    /// <summary>All nodes forget what they shared for a while: in-process state by the restart, Redis by being emptied.</summary>
    public async Task LoseEphemeralAsync()
    {
        if (Pair == StorePair.PostgresAndRedis)
            await EmptyRedisAsync();
        for (var node = 0; node < running.Count; node++)
            await RestartAsync(node);
    }

    private async Task<IAsyncDisposable> NewNodeAsync(int node)
    {
        if (options.OwnProcess)
        {
            var process = new ChildProcess(BuiltServer.Program, ["serve"], Environment(node), folder);
            await process.ListeningAsync(Ports[node]);
            return process;
        }

        var host = Build(node);
        await host.StartAsync();
        return host;
    }

    /// <summary>A host that lives just long enough to write the starting state.</summary>
    private async Task PlantAsync()
    {
        await using var host = Build(0);
        await host.StartAsync();
        await Seed.PlantAsync(host.Services);
        await host.StopAsync();
    }

    private WebApplication Build(int node)
    {
        return IdpHost.Build([.. Settings(node).Select(pair => $"--{pair.Key}={pair.Value}")], builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(Clock);
            // A node that is a process of its own computes at the real cost, and rehashes what was planted at another.
            if (!options.OwnProcess && !options.RealPasswordCost)
                builder.Services.AddSingleton(CheapPasswords);
            // A real mail server where the test names one.
            if (!options.Settings.ContainsKey("Mail:Host"))
                builder.Services.AddSingleton<IMailTransport>(Postbox);
            options.Replace?.Invoke(builder.Services);
            builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Warning).AddProvider(Log);
        }, options.Environment);
    }

    private Dictionary<string, string> Environment(int node)
    {
        var environment = Settings(node).ToDictionary(pair => "IDP__" + pair.Key.Replace(":", "__", StringComparison.Ordinal), pair => pair.Value);
        environment["DOTNET_ENVIRONMENT"] = environment["ASPNETCORE_ENVIRONMENT"] = options.Environment;
        return environment;
    }

    private Dictionary<string, string> Settings(int node)
    {
        Dictionary<string, string> settings = new()
        {
            ["Issuer"] = Issuer,
            ["Listen:Urls"] = $"{Scheme}://127.0.0.1:{Ports[node]}",
            ["Listen:Management"] = "",
            ["DataDirectory"] = Path.Combine(folder, stores.Pair == StorePair.SqliteAndMemory ? "data" : $"data{node}"),
            ["Storage:Database"] = stores.Database,
            ["Storage:Ephemeral"] = stores.Ephemeral,
            ["Secrets:MasterKey"] = masterKey,
        };
        if (options.Https)
        {
            var files = new TestCertificate(folder);
            (settings["Tls:Certificate"], settings["Tls:Key"]) = (files.CertificatePath, files.KeyPath);
        }

        foreach (var (name, value) in options.Settings)
            settings[name] = value;
        return settings;
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in running)
            await node.DisposeAsync();
        foreach (var sender in senders)
            sender.Dispose();
        await stores.DisposeAsync();
        Log.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}

public sealed record TestIdpOptions
{
    public int Nodes { get; init; } = 1;
    /// <summary>The issuer's host name; browsers keep cookies by it.</summary>
    public string Host { get; init; } = "localhost";
    public string Environment { get; init; } = "Production";
    /// <summary>With a certificate of the tests' own authority, which the tests' browsers trust.</summary>
    public bool Https { get; init; }
    /// <summary>Nodes are processes of the built server instead of hosts in this one: the real clock, and they can be killed.</summary>
    public bool OwnProcess { get; init; }
    public Seed Seed { get; init; } = new();
    /// <summary>Passwords cost as much as in production, for tests about their time.</summary>
    public bool RealPasswordCost { get; init; }
    /// <summary>Puts parts of the test's own in place of the server's; for nodes in this process.</summary>
    public Action<IServiceCollection>? Replace { get; init; }
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
}
