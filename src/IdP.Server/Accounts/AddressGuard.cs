using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using IdP.Server.Storage;

namespace IdP.Server.Accounts;

/// <summary>
/// Failures per address: a hundred in ten minutes of the clock, then that address waits. Safe to lose: accounts have durable counters of their own.
/// A try counts as failed until it is given back, and counting it cannot be cancelled: who hangs up early has failed.
/// </summary>
internal sealed class AddressGuard(IEphemeralStore ephemeral)
{
    private const int Most = 100;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    /// <summary>Counts the try; false when the address has to wait.</summary>
    /// <param name="at">When the try came, the same for <see cref="GiveBackAsync"/>.</param>
    public async Task<bool> TryAsync(IPAddress? address, DateTimeOffset at)
    {
        if (address is null)
            return true;
        var key = Key(address, at);
        var tries = await ephemeral.CountAsync(key, Window, CancellationToken.None);
        return tries <= Most || tries - await GivenBackAsync(key) <= Most;
    }

    /// <summary>The try was right, or was never looked at.</summary>
    public Task GiveBackAsync(IPAddress? address, DateTimeOffset at) =>
        address is null ? Task.CompletedTask : ephemeral.CountAsync(BackKey(Key(address, at)), Window, CancellationToken.None);

    private async Task<long> GivenBackAsync(string key) =>
        await ephemeral.GetAsync(BackKey(key), CancellationToken.None) is { } count ? long.Parse(Encoding.ASCII.GetString(count), CultureInfo.InvariantCulture) : 0;

    private static string BackKey(string key) => key + ":back";

    /// <summary>An IPv6 customer holds a /64 at least, so that is one address here.</summary>
    public static string NameOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)) : address.ToString();
    }

    private static string Key(IPAddress address, DateTimeOffset at) =>
        string.Create(CultureInfo.InvariantCulture, $"addr:{NameOf(address)}:{at.ToUnixTimeSeconds() / (long)Window.TotalSeconds}");
}
