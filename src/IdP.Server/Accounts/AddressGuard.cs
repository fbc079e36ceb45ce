using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using IdP.Server.Storage;

namespace IdP.Server.Accounts;

/// <summary>Failures per address: a hundred in ten minutes, then that address waits. Safe to lose: accounts have durable counters of their own.</summary>
internal sealed class AddressGuard(IEphemeralStore ephemeral)
{
    private const int Most = 100;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    public async ValueTask<bool> IsBannedAsync(IPAddress? address, CancellationToken cancel) =>
        address is not null && await ephemeral.GetAsync(Key(address), cancel) is { } count
        && long.Parse(Encoding.ASCII.GetString(count), CultureInfo.InvariantCulture) >= Most;

    public Task FailedAsync(IPAddress? address, CancellationToken cancel) =>
        address is null ? Task.CompletedTask : ephemeral.CountAsync(Key(address), Window, cancel);

    /// <summary>An IPv6 customer holds a /64 at least, so that is one address here.</summary>
    private static string Key(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? "addr:" + Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8))
            : "addr:" + address;
    }
}
