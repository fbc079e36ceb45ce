using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace IdP.Support;

/// <summary>
/// Real PostgreSQL and Redis for tests, on free ports, in a folder of their own; gone when disposed. Durability is as in production (fsync on).
/// Needs the Debian packages postgresql and redis-server; as root, PostgreSQL runs as the user "postgres".
/// </summary>
internal sealed class RealServers : IAsyncDisposable
{
    /// <summary>A role that may be made, and needs a password.</summary>
    public const string KeyedRole = "keyed";

    /// <summary>More than there are hosts in a run: two that shared one would count each other's guesses and empty each other's store.</summary>
    public const int RedisDatabases = 2048;

    private readonly string folder = Directory.CreateTempSubdirectory("idp-").FullName;
    private readonly int postgresPort = FreePort();
    private readonly int redisPort = FreePort();
    private int databases;

    /// <summary>As the setting Storage:Ephemeral wants it.</summary>
    public string Redis => string.Create(CultureInfo.InvariantCulture, $"redis:127.0.0.1:{redisPort}");

    public static async Task<RealServers> StartAsync()
    {
        var servers = new RealServers();
        try
        {
            await Task.WhenAll(Task.Run(servers.StartPostgresAsync), servers.StartRedisAsync());
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    /// <summary>An empty database, as the setting Storage:Database wants it.</summary>
    /// <param name="kind">"sqlite" or "postgres".</param>
    public async Task<string> NewDatabaseAsync(string kind)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test{Interlocked.Increment(ref databases)}");
        if (kind == "sqlite")
            return $"sqlite:{Path.Combine(folder, name)}.db";
        await ExecuteAsync($"create database {name}");
        return "postgres:" + Connection(name);
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        // SIGQUIT: PostgreSQL's immediate shutdown, children included. SIGTERM: Redis saves nothing, as told.
        await StopAsync(Path.Combine(folder, "postgres", "postmaster.pid"), "-QUIT");
        await StopAsync(Path.Combine(folder, "redis.pid"), "-TERM");
        Directory.Delete(folder, recursive: true);
    }

    private async Task StartPostgresAsync()
    {
        var data = Path.Combine(folder, "postgres");
        Directory.CreateDirectory(data);
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chmod", "755", folder);
            await RunAsync("chown", "-R", "postgres", data);
        }

        await RunAsPostgresAsync("initdb", "-D", data, "-U", "idp", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
        // One role has to show a password, for tests of a wrong one.
        var access = Path.Combine(data, "pg_hba.conf");
        await File.WriteAllTextAsync(access, $"host all {KeyedRole} 127.0.0.1/32 scram-sha-256\n" + await File.ReadAllTextAsync(access));
        await RunAsPostgresAsync("pg_ctl", "-D", data, "-l", Path.Combine(data, "log"), "-w", "-t", "30", "start", "-o",
            string.Create(CultureInfo.InvariantCulture, $"-p {postgresPort} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data} -c max_connections=300 -c shared_buffers=32MB"));
    }

    private async Task StartRedisAsync()
    {
        await RunAsync("redis-server", "--port", redisPort.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            "--databases", RedisDatabases.ToString(CultureInfo.InvariantCulture), "--maxmemory", "128mb", "--maxmemory-policy", "noeviction", "--dir", folder, "--daemonize", "yes", "--pidfile", Path.Combine(folder, "redis.pid"), "--logfile", Path.Combine(folder, "redis.log"));
        for (var tries = 0; ; tries++)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, redisPort);
                return;
            }
            catch (SocketException) when (tries < 100)
            {
                await Task.Delay(50);
            }
        }
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Connection("postgres") + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private string Connection(string database) =>
        string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={postgresPort};Username=idp;Database={database};Maximum Pool Size=20");

    private static Task RunAsPostgresAsync(string program, params string[] arguments)
    {
        // Debian keeps the programs of each version apart; the newest will do.
        var path = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(version => int.Parse(Path.GetFileName(version), CultureInfo.InvariantCulture))
                .Select(version => Path.Combine(version, "bin", program)).FirstOrDefault(File.Exists) ?? program
            : program;
        return Environment.IsPrivilegedProcess ? RunAsync("runuser", ["-u", "postgres", "--", path, .. arguments]) : RunAsync(path, arguments);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        // Output goes nowhere rather than into a pipe: a daemon inherits it, and a pipe would never end.
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" >/dev/null 2>&1", program, .. arguments]) { WorkingDirectory = "/" })!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }

    private static async Task StopAsync(string pidFile, string signal)
    {
        if (!File.Exists(pidFile))
            return;
        var pid = (await File.ReadAllLinesAsync(pidFile))[0].Trim();
        await RunAsync("kill", signal, pid);
        for (var tries = 0; Directory.Exists($"/proc/{pid}") && tries < 100; tries++)
            await Task.Delay(50);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
