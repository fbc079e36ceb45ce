using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using IdP.Protocol;
using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.Storage;

namespace IdP.Server.Connect;

/// <summary>
/// Failed client authentication, counted per client and address over all nodes: fifty in ten minutes of the clock, then that client is refused from there. Every client
/// id that nobody has counts as one. A right secret costs no look at a store: a node remembers who is refused once it has counted their failure.
/// </summary>
internal sealed class ClientGuesses(IEphemeralStore ephemeral, AuditLog audit, TimeProvider clock) : IClientGuesses
{
    private const int Most = 50;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, long> refused = new(StringComparer.Ordinal);

    public bool IsRefused(string? clientId, IPAddress address) => !refused.IsEmpty && refused.ContainsKey(Key(clientId, address, clock.GetUtcNow()));

    public async Task FailedAsync(string? clientId, IPAddress address)
    {
        var now = clock.GetUtcNow();
        var key = Key(clientId, address, now);
        try
        {
            // Who hangs up early has failed too.
            if (await ephemeral.CountAsync(key, Window, CancellationToken.None) >= Most)
                Refuse(key, now);
            await audit.SumAsync(new("client-authentication-failed", ClientId: clientId, Address: address.ToString()), $"{clientId} {Holder.NameOf(address)}", CancellationToken.None);
        }
        catch (StoreUnavailableException)
        {
            // The client is refused all the same; a store that is away is told of where something needs it.
        }
    }

    private void Refuse(string key, DateTimeOffset now)
    {
        var window = WindowOf(now);
        foreach (var (old, of) in refused)
        {
            if (of != window)
                refused.TryRemove(new(old, of));
        }

        refused[key] = window;
    }

    private static string Key(string? clientId, IPAddress address, DateTimeOffset at) =>
        string.Create(CultureInfo.InvariantCulture, $"{Share.CounterPrefix}client:{clientId}:{Holder.NameOf(address)}:{WindowOf(at)}");

    private static long WindowOf(DateTimeOffset at) => at.ToUnixTimeSeconds() / (long)Window.TotalSeconds;
}
