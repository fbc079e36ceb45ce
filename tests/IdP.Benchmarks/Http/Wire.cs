using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace IdP.Benchmarks.Http;

/// <summary>One kept-alive HTTP/1.1 connection to loopback, as cheap as it gets: a blocking socket and one buffer.</summary>
internal sealed class Wire : IDisposable
{
    private readonly int port;
    private Socket socket;
    private byte[] buffer = new byte[64 * 1024];
    private byte[] plain = [];

    public Wire(int port)
    {
        this.port = port;
        socket = Connect();
    }

    /// <summary>Sends a whole request and reads its whole answer.</summary>
    public Reply Send(ReadOnlySpan<byte> request)
    {
        socket.Send(request);
        var got = 0;
        int end;
        while ((end = buffer.AsSpan(0, got).IndexOf("\r\n\r\n"u8)) < 0)
            got += Receive(got);
        var head = buffer.AsSpan(0, end + 2);
        var status = Utf8Parser.TryParse(head[9..12], out int parsed, out _) ? parsed : throw new BenchmarkException("not HTTP");
        var probe = new Reply(status, head, default);
        var start = end + 4;
        var close = string.Equals(probe.Header("Connection"), "close", StringComparison.OrdinalIgnoreCase);
        Reply reply;
        if (probe.Header("Content-Length") is { } text)
        {
            var length = int.Parse(text, CultureInfo.InvariantCulture);
            while (got < start + length)
                got += Receive(got);
            reply = new(status, buffer.AsSpan(0, end + 2), buffer.AsSpan(start, length));
        }
        else if (status is 204 or 304 || probe.Header("Transfer-Encoding") is null)
        {
            reply = new(status, head, default);
        }
        else
        {
            var length = ReadChunks(start, ref got);
            reply = new(status, buffer.AsSpan(0, end + 2), plain.AsSpan(0, length));
        }
        if (close)
            Reconnect();
        return reply;
    }

    public void Dispose() => socket.Dispose();

    private int ReadChunks(int at, ref int got)
    {
        var total = 0;
        while (true)
        {
            int line;
            while ((line = buffer.AsSpan(at, got - at).IndexOf("\r\n"u8)) < 0)
                got += Receive(got);
            var size = int.Parse(Encoding.ASCII.GetString(buffer, at, line), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            at += line + 2;
            while (got < at + size + 2)
                got += Receive(got);
            if (size == 0)
                return total;
            if (plain.Length < total + size)
                Array.Resize(ref plain, (total + size) * 2);
            buffer.AsSpan(at, size).CopyTo(plain.AsSpan(total));
            total += size;
            at += size + 2;
        }
    }

    private int Receive(int at)
    {
        if (at == buffer.Length)
            Array.Resize(ref buffer, buffer.Length * 2);
        var read = socket.Receive(buffer.AsSpan(at));
        return read > 0 ? read : throw new BenchmarkException("the server closed the connection");
    }

    private Socket Connect()
    {
        var made = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 30_000 };
        made.Connect(IPAddress.Loopback, port);
        return made;
    }

    private void Reconnect()
    {
        socket.Dispose();
        socket = Connect();
    }
}
