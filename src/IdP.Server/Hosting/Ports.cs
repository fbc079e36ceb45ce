using System.Net;
using System.Net.Sockets;

namespace IdP.Server.Hosting;

/// <summary>Asks for the addresses before the host does, whose answer would be a log of its own.</summary>
internal static class Ports
{
    /// <exception cref="CannotListenException">One of them is taken, or not ours to take.</exception>
    public static void MustBeFree(ListenOptions listen)
    {
        foreach (var url in listen.Urls.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            MustBeFree("Listen:Urls", url);
        if (listen.Management.Length > 0)
            MustBeFree("Listen:Management", listen.Management);
    }

    private static void MustBeFree(string setting, string url)
    {
        var address = BindingAddress.Parse(url);
        // What Kestrel makes of a name: loopback for "localhost", else every address of this machine.
        var ip = address.Host == "localhost" ? IPAddress.Loopback : IPAddress.TryParse(address.Host.Trim('[', ']'), out var given) ? given : IPAddress.Any;
        try
        {
            using var probe = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(ip, address.Port));
        }
        catch (SocketException refused)
        {
            throw new CannotListenException($"{setting}: cannot listen on {url}: {refused.Message}.");
        }
    }
}

/// <summary>The message is for the operator, and is all that is printed.</summary>
internal sealed class CannotListenException(string message) : Exception(message);
