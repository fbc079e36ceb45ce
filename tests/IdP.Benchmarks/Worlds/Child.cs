using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace IdP.Benchmarks.Worlds;

/// <summary>A program this one starts and stops; what it says goes to a file, so that nobody has to read a pipe while measuring.</summary>
internal sealed class Child : IDisposable
{
    private readonly Process process;
    private readonly string log;

    public Child(string log, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        this.log = log;
        // The shell becomes the program, so the id is the program's own.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" >\"$BENCH_LOG\" 2>&1 </dev/null", program, .. arguments]);
        start.Environment["BENCH_LOG"] = log;
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        process = Process.Start(start)!;
    }

    public int Id => process.Id;
    public bool Gone => process.HasExited;

    /// <summary>The last lines it wrote, for messages.</summary>
    public string Said => File.Exists(log) ? string.Join('\n', File.ReadLines(log).TakeLast(15)) : "";

    /// <summary>Waits for the end and its exit code.</summary>
    public int Finish()
    {
        process.WaitForExit();
        return process.ExitCode;
    }

    /// <summary>Runs a program to its end; its words when it fails become the fault.</summary>
    public static void Run(string log, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var child = new Child(log, program, arguments, environment);
        if (child.Finish() != 0)
            throw new BenchmarkException($"{program} {string.Join(' ', arguments)}: {child.Said}");
    }

    /// <summary>Asks until the answer is yes; an ended child or <paramref name="patience"/> running out is a fault.</summary>
    public void WaitUntil(Func<bool> ready, TimeSpan patience)
    {
        var watch = Stopwatch.StartNew();
        while (!ready())
        {
            if (Gone || watch.Elapsed > patience)
                throw new BenchmarkException($"did not become ready: {Said}");
            Thread.Sleep(2);
        }
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)])!.WaitForExit();
            if (!process.WaitForExit(TimeSpan.FromSeconds(10)))
                process.Kill();
        }
        process.Dispose();
    }
}
