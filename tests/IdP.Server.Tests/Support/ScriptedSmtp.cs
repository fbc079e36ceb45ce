using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace IdP.Server.Tests.Support;

/// <summary>A mail server that misbehaves as it is told, and remembers every word it heard.</summary>
public sealed class ScriptedSmtp : IDisposable
{
    /// <summary>An answer that begins well.</summary>
    public const string Dripping = "250 …";

    private readonly Func<string, string?> answer;
    private readonly X509Certificate2? certificate;
    private readonly string? authority;
    private TcpListener listener = new(IPAddress.Loopback, 0);

    /// <param name="answer">To a command, DATA's end being "."; "" for none at all, null for hanging up, <see cref="Dripping"/> for one that comes byte by byte and never ends. The greeting answers "CONNECT".</param>
    /// <param name="certificates">With them a STARTTLS that is answered 220 is followed by TLS; without, by silence.</param>
    public ScriptedSmtp(Func<string, string?> answer, TestCertificates? certificates = null)
    {
        this.answer = answer;
        if (certificates is not null)
        {
            certificate = X509Certificate2.CreateFromPem(certificates.Certificate, certificates.Key);
            authority = Path.GetTempFileName();
            File.WriteAllText(authority, certificates.Authority);
        }

        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        _ = ListenAsync(listener);
    }

    public int Port { get; }

    public ConcurrentQueue<string> Heard { get; } = new();

    /// <summary>What of it anybody on the way could have heard too.</summary>
    public ConcurrentQueue<string> HeardInClear { get; } = new();

    /// <summary>Settings of a server that sends through it and wants TLS.</summary>
    public Dictionary<string, string> Settings => new()
    {
        ["Mail:Host"] = "localhost",
        ["Mail:Port"] = Port.ToString(CultureInfo.InvariantCulture),
        ["Mail:Security"] = "StartTlsRequired",
        ["Mail:Authority"] = Authority,
        ["Mail:From"] = "no-reply@idp.example",
    };

    /// <summary>PEM file of the authority that its certificate comes from.</summary>
    public string Authority => authority ?? throw new InvalidOperationException("This one has no certificate.");

    /// <summary>Takes every mail, save what <paramref name="otherwise"/> answers differently.</summary>
    public static ScriptedSmtp Taking(Func<string, string?>? otherwise = null) => new(said => otherwise?.Invoke(said) ?? Takes(said, "8BITMIME"));

    /// <summary>What a good mail server says.</summary>
    /// <param name="can">What it says of itself after EHLO.</param>
    internal static string Takes(string said, params string[] can) => Word(said) switch
    {
        "CONNECT" => "220 mail.example ESMTP",
        "EHLO" => string.Join("\r\n", ["250-mail.example", .. can.SkipLast(1).Select(one => "250-" + one), "250 " + can[^1]]),
        "STARTTLS" => "220 go on",
        "AUTH" => "235 welcome",
        "DATA" => "354 go on",
        "QUIT" => "221 bye",
        _ => "250 ok",
    };

    public static string Word(string said)
    {
        ArgumentNullException.ThrowIfNull(said);
        return said.Split(' ', ':')[0].ToUpperInvariant();
    }

    /// <summary>Nobody answers at its port until <see cref="Return"/>.</summary>
    public void Leave() => listener.Dispose();

    public void Return()
    {
        listener = new TcpListener(IPAddress.Loopback, Port);
        listener.Start();
        _ = ListenAsync(listener);
    }

    private async Task ListenAsync(TcpListener door)
    {
        try
        {
            while (true)
                _ = TalkAsync(await door.AcceptTcpClientAsync());
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException or InvalidOperationException)
        {
        }
    }

    private async Task TalkAsync(TcpClient client)
    {
        Stream stream = client.GetStream();
        var reader = new StreamReader(stream, Encoding.UTF8);
        try
        {
            if (!await SayAsync(stream, "CONNECT"))
                return;
            var data = false;
            while (await reader.ReadLineAsync() is { } line)
            {
                Heard.Enqueue(line);
                if (stream is NetworkStream)
                    HeardInClear.Enqueue(line);
                if (data && line != ".")
                    continue;
                data = false;
                if (!await SayAsync(stream, line))
                    return;
                data = Word(line) == "DATA" && answer(line)?.StartsWith('3') == true;
                if (certificate is not null && Word(line) == "STARTTLS" && answer(line)?.StartsWith('2') == true)
                {
                    // The reader has nothing left: who asks for TLS says nothing before it is there.
                    var tls = new SslStream(stream);
                    stream = tls;
                    await tls.AuthenticateAsServerAsync(certificate);
                    reader = new StreamReader(stream, Encoding.UTF8);
                }
            }
        }
        catch (Exception gone) when (gone is IOException or System.Security.Authentication.AuthenticationException)
        {
            // The other side went away, or does not trust this one.
        }
        finally
        {
            reader.Dispose();
            await stream.DisposeAsync();
            client.Dispose();
        }
    }

    private async Task<bool> SayAsync(Stream stream, string said)
    {
        if (answer(said) is not { } words)
            return false;
        if (words == Dripping)
            await DripAsync(stream);
        if (words.Length > 0)
            await stream.WriteAsync(Encoding.UTF8.GetBytes(words + "\r\n"));
        return true;
    }

    /// <summary>Until the other side has had enough.</summary>
    private static async Task DripAsync(Stream stream)
    {
        for (var sent = 0; ; sent++)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(sent < 4 ? Dripping[sent..(sent + 1)] : "x"));
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }

    public void Dispose()
    {
        listener.Dispose();
        certificate?.Dispose();
        if (authority is not null)
            File.Delete(authority);
    }
}
