namespace IdP.Server.Storage;

/// <summary>
/// State that is safe to lose: memory or Redis. Every key has a lifetime. Nothing whose loss opens a door lives here alone.
/// What is written counts against its <see cref="Holder"/>, whose oldest entries make room when there is too much of it.
/// Every call ends within two seconds; an outage is <see cref="StoreUnavailableException"/>, never an empty answer.
/// </summary>
internal interface IEphemeralStore
{
    Task SetAsync(string key, byte[] value, TimeSpan life, Holder holder, CancellationToken cancel);

    /// <summary>Null when absent or expired.</summary>
    ValueTask<byte[]?> GetAsync(string key, CancellationToken cancel);

    /// <summary>Reads and removes in one step; one caller of many gets the value.</summary>
    Task<byte[]?> TakeAsync(string key, CancellationToken cancel);

    /// <summary>Writes only if the key is absent.</summary>
    Task<bool> AddAsync(string key, byte[] value, TimeSpan life, Holder holder, CancellationToken cancel);

    /// <summary>Compare-and-set: writes only if the stored bytes still equal <paramref name="expected"/>.</summary>
    Task<bool> ReplaceAsync(string key, byte[] expected, byte[] value, TimeSpan life, Holder holder, CancellationToken cancel);

    /// <summary>
    /// Adds one and returns the new count; the first call of a window starts its lifetime, later ones do not prolong it. Counters of
    /// addresses (<see cref="Share.CounterPrefix"/>) are bounded together: the oldest make room for new ones.
    /// </summary>
    Task<long> CountAsync(string key, TimeSpan window, CancellationToken cancel);

    Task RemoveAsync(string key, CancellationToken cancel);
}

/// <summary>Redis or the database did not answer in time. The HTTP face turns it into 503 with Retry-After.</summary>
internal class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The database's file cannot be opened for writing; the message says which, and is for the operator.</summary>
internal sealed class UnwritableException(string message) : StoreUnavailableException(message);
