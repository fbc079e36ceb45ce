using System.Net;
using System.Net.Sockets;

namespace IdP.Server.Outbound;

/// <summary>
/// Which IP addresses this server connects to on somebody else's word: addresses of the public internet, and the networks of
/// <c>Outbound:AllowedNetworks</c>.
/// </summary>
internal sealed class AddressRules(IReadOnlyList<IPNetwork> allowed)
{
    // IANA's special-purpose registries (RFC 6890): whatever is not globally reachable.
    private static readonly IPNetwork[] Closed =
    [
        IPNetwork.Parse("0.0.0.0/8"),
        IPNetwork.Parse("10.0.0.0/8"),
        IPNetwork.Parse("100.64.0.0/10"),
        IPNetwork.Parse("127.0.0.0/8"),
        IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("172.16.0.0/12"),
        IPNetwork.Parse("192.0.0.0/24"),
        IPNetwork.Parse("192.0.2.0/24"),
        IPNetwork.Parse("192.88.99.0/24"),
        IPNetwork.Parse("192.168.0.0/16"),
        IPNetwork.Parse("198.18.0.0/15"),
        IPNetwork.Parse("198.51.100.0/24"),
        IPNetwork.Parse("203.0.113.0/24"),
        // Multicast, reserved and broadcast.
        IPNetwork.Parse("224.0.0.0/3"),
    ];

    // Of IPv6 only global unicast is open, and not all of it.
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] ClosedOfGlobal =
    [
        // Protocol assignments, Teredo (RFC 4380) among them, which carries an IPv4 address.
        IPNetwork.Parse("2001::/23"),
        IPNetwork.Parse("2001:db8::/32"),
        IPNetwork.Parse("3fff::/20"),
    ];

    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    public bool Allows(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (allowed.Any(network => network.Contains(address)))
            return true;
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return !Closed.Any(network => network.Contains(address));
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return false;

        // Where an IPv4 address is inside, it is that one which is reached.
        var bytes = address.GetAddressBytes();
        if (Nat64.Contains(address))
            return Allows(new IPAddress(bytes.AsSpan(12, 4)));
        if (SixToFour.Contains(address))
            return Allows(new IPAddress(bytes.AsSpan(2, 4)));
        return GlobalUnicast.Contains(address) && !ClosedOfGlobal.Any(network => network.Contains(address));
    }
}
