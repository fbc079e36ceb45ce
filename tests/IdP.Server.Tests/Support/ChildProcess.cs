using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;

namespace IdP.Server.Tests.Support;

/// <summary>A server of somebody else's, run in the foreground and stopped with the test; its output is at hand when something fails.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly ConcurrentQueue<string> output = new();

    public ChildProcess(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder ?? "" };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => output.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => output.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => process.Id;

    public string Output => string.Join('\n', output);

    public async Task ListeningAsync(int port, TimeSpan? patience = null)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync("127.0.0.1", port);
                return;
            }
            catch (SocketException)
            {
                if (process.HasExited || watch.Elapsed > (patience ?? TimeSpan.FromSeconds(20)))
                    throw new InvalidOperationException($"{process.StartInfo.FileName} does not listen on {port}: {Output}");
                await Task.Delay(50);
            }
        }
    }

    /// <summary>Waits until it has printed this.</summary>
    public async Task SaysAsync(string words)
    {
        for (var watch = Stopwatch.StartNew(); !Output.Contains(words, StringComparison.Ordinal); await Task.Delay(50))
        {
            if (watch.Elapsed > TimeSpan.FromSeconds(20))
                throw new InvalidOperationException($"{process.StartInfo.FileName} did not say '{words}': {Output}");
        }
    }

    /// <summary>SIGKILL, now: no farewell, no flush. To look for its children first would take longer than a server takes for a whole request.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }
}
