using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using IdP.Benchmarks.Http;
using IdP.Benchmarks.Load;
using IdP.Benchmarks.Worlds;

namespace IdP.Benchmarks.Rows;

/// <summary>
/// Browsers that wait for an approval, each on a stream of its own: what they cost one node in memory beside what it has without them, and how long after an
/// approval a browser is told of it. One node on SQLite and memory; two on PostgreSQL and Redis, waiting on the one, approved on the other.
/// </summary>
internal static class WaitingRow
{
    public const string Memory = "waiting browsers, memory", Told = "approved to told, p99";

    public static IEnumerable<Line> Measure(Settings settings, IReadOnlyList<Backing> backings, string folder)
    {
        var (memory, told) = (new List<double>(), new List<double>());
        for (var i = 0; i < backings.Count; i++)
        {
            var place = Path.Combine(folder, $"waiting-{i}");
            Directory.CreateDirectory(place);
            var nodes = Start(backings[i], place, nodes: backings[i] is PostgresAndRedis ? 2 : 1);
            try
            {
                var (cost, late) = Measure(settings, nodes);
                memory.Add(cost);
                told.Add(late);
            }
            finally
            {
                nodes.ForEach(node => node.Process.Dispose());
            }
        }

        return
        [
            new(string.Create(CultureInfo.InvariantCulture, $"{settings.Waiting} {Memory}"), "MB", null, memory, Limit.AtMost(200, "MB")),
            new(Told, "ms", null, told, Limit.AtMost(100, "ms")),
        ];
    }

    private static (double Megabytes, double Milliseconds) Measure(Settings settings, List<(int Port, Child Process)> nodes)
    {
        var (near, far) = (nodes[0], nodes[^1]);
        using var prepare = new Wire(near.Port);
        // What is compiled and kept for the first of them is not counted.
        foreach (var one in Challenges(prepare, settings.Tokens))
            Open(near.Port, one).Dispose();
        var challenges = Challenges(prepare, settings.Waiting);
        var sockets = new List<Socket>(challenges.Length);
        try
        {
            var before = ProcessFigures.ResidentMegabytes(near.Process.Id);
            foreach (var challenge in challenges)
                sockets.Add(Open(near.Port, challenge));
            var cost = ProcessFigures.ResidentMegabytes(near.Process.Id) - before;

            using var phone = new Wire(far.Port);
            var times = new List<double>();
            for (var n = 0; n < Math.Min(1000, challenges.Length); n++)
            {
                var (id, _, binding) = challenges[n];
                var begun = System.Diagnostics.Stopwatch.GetTimestamp();
                _ = phone.Send(Requests.Post($"localhost:{near.Port}", $"/bell/approve/{id}/{binding}", [])).Expect(200);
                Await(sockets[n], "event: approved");
                times.Add(System.Diagnostics.Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            }

            times.Sort();
            return (cost, times[(int)(times.Count * 0.99)]);
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }

    private static (string Id, string Browser, string Binding)[] Challenges(Wire wire, int count)
    {
        var answer = wire.Send(Requests.Post("localhost", $"/bell/challenges/{count}", [])).Expect(200);
        return [.. Encoding.ASCII.GetString(answer.Body).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).Select(part => (part[0], part[1], part[2]))];
    }

    private static Socket Open(int port, (string Id, string Browser, string Binding) challenge)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 30_000 };
        socket.Connect(IPAddress.Loopback, port);
        socket.Send(Encoding.ASCII.GetBytes(
            $"GET /waiting/challenge/{challenge.Id} HTTP/1.1\r\nHost: localhost:{port}\r\nAccept: text/event-stream\r\nCookie: idp.browser={challenge.Browser}\r\n\r\n"));
        Await(socket, "event: waiting");
        return socket;
    }

    private static void Await(Socket socket, string text)
    {
        var buffer = new byte[4096];
        var heard = "";
        while (!heard.Contains(text, StringComparison.Ordinal))
        {
            var read = socket.Receive(buffer);
            if (read == 0)
                throw new BenchmarkException($"The stream ended before '{text}': {heard}");
            heard += Encoding.ASCII.GetString(buffer, 0, read);
        }
    }

    private static List<(int Port, Child Process)> Start(Backing backing, string folder, int nodes)
    {
        var stores = backing.NewStores(folder);
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        var ports = Enumerable.Range(0, nodes).Select(_ => Child.FreePort()).ToList();
        var started = new List<(int, Child)>();
        foreach (var port in ports)
        {
            var data = Directory.CreateDirectory(Path.Combine(folder, port.ToString(CultureInfo.InvariantCulture))).FullName;
            var child = new Child(Path.Combine(data, "node.log"), Path.Combine(AppContext.BaseDirectory, "IdP.Benchmarks"), ["waiting-node"], new Dictionary<string, string>(stores)
            {
                ["IDP__Issuer"] = $"http://localhost:{ports[0]}",
                ["IDP__Listen__Urls"] = $"http://127.0.0.1:{port}",
                ["IDP__Listen__Management"] = "",
                ["IDP__DataDirectory"] = data,
                ["IDP__Secrets__MasterKey"] = key,
            });
            started.Add((port, child));
            child.WaitUntil(() => Answers(port), TimeSpan.FromSeconds(60));
        }

        return started;
    }

    private static bool Answers(int port)
    {
        try
        {
            using var wire = new Wire(port);
            return wire.Send(Requests.Get($"localhost:{port}", "/.well-known/openid-configuration")).Status == 200;
        }
        catch (Exception problem) when (problem is SocketException or BenchmarkException)
        {
            return false;
        }
    }
}
