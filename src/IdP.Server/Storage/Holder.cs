using System.Net;
using System.Net.Sockets;

namespace IdP.Server.Storage;

/// <summary>
/// A part of the ephemeral store with bounds of its own. Beyond them the oldest entries of whoever holds most make room for new ones,
/// so a flood pushes out what the flood itself left there.
/// </summary>
/// <param name="Name">In the names of the keys that count what is held.</param>
/// <param name="OfAll">The part of the store's capacity that all holders together get, as a divisor; null: no bound but the store's own.</param>
/// <param name="OfEach">The part that one holder gets, as a divisor.</param>
internal sealed record Share(string Name, int? OfAll, int OfEach)
{
    /// <summary>What anybody may leave here before a right password, by address.</summary>
    public static readonly Share Strangers = new("strangers", 24, 192);

    /// <summary>What authenticated clients leave here (RFC 9126), by client.</summary>
    public static readonly Share Clients = new("clients", 4, 16);

    /// <summary>What stands on a proof or a session, by person. Strangers and clients cannot reach it.</summary>
    public static readonly Share People = new("people", null, 64);

    /// <summary>The part of the counters that anybody causes by having an address.</summary>
    public const int OfCounters = 8;

    public const string CounterPrefix = "addr:";
}

/// <summary>Who an entry of the ephemeral store counts against.</summary>
internal readonly record struct Holder(Share Share, string Name)
{
    public static Holder Person(string userId) => new(Share.People, userId);

    public static Holder Client(string clientId) => new(Share.Clients, clientId);

    /// <param name="sender">As <see cref="NameOf"/> writes it.</param>
    public static Holder Stranger(string sender) => new(Share.Strangers, sender);

    public static Holder Stranger(IPAddress? address) => Stranger(NameOf(address));

    /// <summary>An IPv6 customer holds a /64 at least, so that is one address here. Empty where there is none.</summary>
    public static string NameOf(IPAddress? address)
    {
        if (address is { IsIPv4MappedToIPv6: true })
            address = address.MapToIPv4();
        return address is { AddressFamily: AddressFamily.InterNetworkV6 }
            ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8))
            : address?.ToString() ?? "";
    }
}
