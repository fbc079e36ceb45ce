using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace IdP.Server.Tests.Support;

/// <summary>A caller who writes bytes where others write requests: what no HTTP library would send.</summary>
internal static class Wire
{
    /// <summary>Sends the bytes and reads the status of the answer; null when the server hung up without one.</summary>
    /// <param name="hangUp">Says after the bytes that nothing more will come.</param>
    public static async Task<int?> StatusAsync(int port, byte[] bytes, bool hangUp, CancellationToken cancel)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port, cancel);
        var line = new StringBuilder();
        try
        {
            await socket.SendAsync(bytes, cancel);
            if (hangUp)
                socket.Shutdown(SocketShutdown.Send);
            var some = new byte[64];
            while (line.Length < 12 && await socket.ReceiveAsync(some, cancel) is > 0 and var read)
                line.Append(Encoding.Latin1.GetString(some, 0, read));
        }
        catch (SocketException fault) when (fault.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            // Hung up on, in the middle of what either side was saying.
        }

        // "HTTP/1.1 400 ..."
        return line.Length < 12 ? null : int.Parse(line.ToString(9, 3), CultureInfo.InvariantCulture);
    }
}
