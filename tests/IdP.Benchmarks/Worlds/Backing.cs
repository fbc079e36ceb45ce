using System.Globalization;
using System.Net.Sockets;
using IdP.Benchmarks.Load;

namespace IdP.Benchmarks.Worlds;

/// <summary>A pair of stores: the settings that choose it, and the CPU its own servers use.</summary>
internal abstract class Backing : IDisposable
{
    public abstract string Name { get; }
    /// <summary>Settings for a server whose durable store is new and empty.</summary>
    public abstract IReadOnlyDictionary<string, string> NewStores(string folder);
    /// <summary>CPU seconds used so far by the stores' processes; 0 when the stores live in the server.</summary>
    public virtual double CpuSeconds => 0;
    public virtual void Dispose() { }
}

internal sealed class SqliteAndMemory : Backing
{
    public override string Name => "SQLite + memory";

    public override IReadOnlyDictionary<string, string> NewStores(string folder) => new Dictionary<string, string>
    {
        ["IDP__Storage__Database"] = $"sqlite:{folder}/idp.db",
        ["IDP__Storage__Ephemeral"] = "memory",
    };
}

/// <summary>Real servers on free ports of loopback, with the settings their packages come with; gone at the end.</summary>
internal sealed class PostgresAndRedis : Backing
{
    private readonly Child postgres;
    private readonly Child redis;
    private readonly string bin;
    private readonly int postgresPort = Child.FreePort();
    private readonly int redisPort = Child.FreePort();
    private int databases;

    /// <param name="folder">Where both keep their files; on the disk that SQLite is measured on.</param>
    public PostgresAndRedis(string folder)
    {
        bin = FindPostgres() ?? throw new BenchmarkException("PostgreSQL is not installed.");
        Directory.CreateDirectory(folder);
        Child.Run(folder + "/initdb.log", "/bin/sh", ["-c", AsPostgres($"'{bin}/initdb' -D '{folder}/pg' -U postgres -A trust -E UTF8 --locale=C", folder)]);
        postgres = new(folder + "/postgres.log", "/bin/sh",
            ["-c", AsPostgres($"exec '{bin}/postgres' -D '{folder}/pg' -p {postgresPort} -h 127.0.0.1 -k ''", folder)]);
        redis = new(folder + "/redis.log", "redis-server",
            ["--port", Text(redisPort), "--bind", "127.0.0.1", "--save", "", "--dir", folder, "--maxmemory-policy", "noeviction"]);
        postgres.WaitUntil(() => Listens(postgresPort) && IsUp(), TimeSpan.FromSeconds(20));
        redis.WaitUntil(() => Listens(redisPort), TimeSpan.FromSeconds(10));
    }

    public static bool Installed => FindPostgres() is not null && Paths().Any(p => File.Exists(Path.Combine(p, "redis-server")));

    public override string Name => "PostgreSQL + Redis";

    public override double CpuSeconds => ProcessFigures.CpuSecondsOfTree(postgres.Id) + ProcessFigures.CpuSeconds(redis.Id);

    public override IReadOnlyDictionary<string, string> NewStores(string folder)
    {
        var database = "bench" + Text(++databases);
        Child.Run(folder + "/createdb.log", $"{bin}/createdb", ["-h", "127.0.0.1", "-p", Text(postgresPort), "-U", "postgres", database]);
        return new Dictionary<string, string>
        {
            ["IDP__Storage__Database"] = $"postgres:Host=127.0.0.1;Port={postgresPort};Username=postgres;Database={database}",
            ["IDP__Storage__Ephemeral"] = $"redis:127.0.0.1:{redisPort}",
        };
    }

    public override void Dispose()
    {
        postgres?.Dispose();
        redis?.Dispose();
        base.Dispose();
    }

    // PostgreSQL refuses to run as root; its package brings a user for it.
    private static string AsPostgres(string command, string folder) => Environment.UserName == "root"
        ? $"chown postgres '{folder}' && cd / && exec setpriv --reuid=postgres --regid=postgres --clear-groups /bin/sh -c \"{command}\""
        : command;

    private bool IsUp()
    {
        using var probe = new Child("/dev/null", $"{bin}/pg_isready", ["-q", "-h", "127.0.0.1", "-p", Text(postgresPort)]);
        return probe.Finish() == 0;
    }

    private static string? FindPostgres() => Paths()
        .Concat(Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Order().Reverse().Select(d => d + "/bin") : [])
        .FirstOrDefault(p => File.Exists(p + "/initdb") && File.Exists(p + "/postgres") && File.Exists(p + "/createdb"));

    private static string[] Paths() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');

    private static bool Listens(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
