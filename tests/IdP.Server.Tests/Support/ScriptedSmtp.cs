using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace IdP.Server.Tests.Support;

/// <summary>A mail server that misbehaves as it is told, and remembers every word it heard.</summary>
public sealed class ScriptedSmtp : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Func<string, string?> answer;

    /// <param name="answer">To a command, DATA's end being "."; "" for none at all, null for hanging up. The greeting answers "CONNECT".</param>
    public ScriptedSmtp(Func<string, string?> answer)
    {
        this.answer = answer;
        listener.Start();
        _ = ListenAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public ConcurrentQueue<string> Heard { get; } = new();

    /// <summary>Takes every mail, save what <paramref name="otherwise"/> answers differently.</summary>
    public static ScriptedSmtp Taking(Func<string, string?>? otherwise = null) => new(said => otherwise?.Invoke(said) ?? Word(said) switch
    {
        "CONNECT" => "220 mail.example ESMTP",
        "EHLO" => "250-mail.example\r\n250 8BITMIME",
        "DATA" => "354 go on",
        "QUIT" => "221 bye",
        _ => "250 ok",
    });

    public static string Word(string said) => said.Split(' ', ':')[0].ToUpperInvariant();

    private async Task ListenAsync()
    {
        try
        {
            while (true)
                _ = TalkAsync(await listener.AcceptTcpClientAsync());
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task TalkAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                await using var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.UTF8);
                if (!await SayAsync(stream, "CONNECT"))
                    return;
                var data = false;
                while (await reader.ReadLineAsync() is { } line)
                {
                    Heard.Enqueue(line);
                    if (data && line != ".")
                        continue;
                    data = false;
                    if (!await SayAsync(stream, line))
                        return;
                    data = Word(line) == "DATA" && answer(line)?.StartsWith('3') == true;
                }
            }
        }
        catch (IOException)
        {
            // The other side went away.
        }
    }

    private async Task<bool> SayAsync(Stream stream, string said)
    {
        if (answer(said) is not { } words)
            return false;
        if (words.Length > 0)
            await stream.WriteAsync(Encoding.UTF8.GetBytes(words + "\r\n"));
        return true;
    }

    public void Dispose() => listener.Dispose();
}
