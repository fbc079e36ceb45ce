using System.Diagnostics;
using System.Security.Cryptography;
using IdP.Benchmarks.Http;
using IdP.Benchmarks.Load;

namespace IdP.Benchmarks.Worlds;

/// <summary>One running server on one pair of stores, seeded, and how to speak to it.</summary>
internal sealed class World : IDisposable
{
    private readonly ServerBuild build;
    private readonly string folder;
    private readonly Dictionary<string, string> environment;
    private readonly int port = Child.FreePort();
    private Child? server;

    public World(ServerBuild build, Backing backing, string folder)
    {
        (this.build, this.folder, Backing) = (build, folder, backing);
        Directory.CreateDirectory(folder);
        environment = new(backing.NewStores(folder))
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["IDP__Issuer"] = Issuer,
            ["IDP__Listen__Urls"] = $"http://127.0.0.1:{port}",
            ["IDP__Listen__Management"] = $"http://127.0.0.1:{Child.FreePort()}",
            ["IDP__DataDirectory"] = folder,
            ["IDP__Secrets__MasterKey"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
        };
    }

    public Backing Backing { get; }
    public string Issuer => $"http://localhost:{port}";
    public string Authority => $"localhost:{port}";
    public Subject Subject => new(server!.Id, port, () => Backing.CpuSeconds);

    /// <summary>Starts the server and returns how long its first good answer took, from the start of the process.</summary>
    public TimeSpan Start()
    {
        var watch = Stopwatch.StartNew();
        server = new(Path.Combine(folder, "server.log"), build.Program, [.. build.Prefix, "serve"], environment);
        server.WaitUntil(() => Answers(port, Discovery()), TimeSpan.FromSeconds(60));
        return watch.Elapsed;
    }

    public void Stop()
    {
        server?.Dispose();
        server = null;
    }

    /// <summary>Fills the stores through the command line beside the running server, and waits until the server has seen it.</summary>
    public void Populate(int people)
    {
        var file = Path.Combine(folder, "seed.json");
        Seed.Write(file, people);
        Child.Run(Path.Combine(folder, "apply.log"), build.Program, [.. build.Prefix, "apply", file], environment);
        server!.WaitUntil(() => Answers(port, ClientCredentials()), TimeSpan.FromSeconds(10));
    }

    public byte[] ClientCredentials() => Requests.Post(Authority, "/connect/token",
        [("grant_type", "client_credentials"), ("scope", "api")], Requests.Basic(Seed.Machine, Seed.Secret));

    public byte[] Discovery() => Requests.Get(Authority, "/.well-known/openid-configuration");

    public byte[] Jwks() => Requests.Get(Authority, "/.well-known/jwks.json");

    public void Dispose() => Stop();

    private static bool Answers(int port, byte[] request)
    {
        try
        {
            using var wire = new Wire(port);
            return wire.Send(request).Status == 200;
        }
        catch (Exception problem) when (problem is System.Net.Sockets.SocketException or BenchmarkException)
        {
            return false;
        }
    }
}
