using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace IdP.Server.Storage;

/// <summary>A value as it was written, with the bytes that the store holds for it: what a compare-and-set compares.</summary>
internal readonly record struct Unsealed(byte[] Value, byte[] Bytes);

/// <summary>
/// The ephemeral store as everything uses it whose forging would open a door: values are sealed and bound to their keys. One that does not
/// open - written by somebody else, moved from another key, made with another master key - is missing. A value of the same key that was
/// replaced since opens when somebody puts it back: what must happen once, or counts tries, is decided in the database (<see cref="UsedMarks"/>).
/// </summary>
internal sealed partial class SealedStore(IEphemeralStore store, SecretProtector protector, TimeProvider clock, ILogger<SealedStore> log)
{
    private const string Purpose = "ephemeral";
    private static readonly TimeSpan Quiet = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, DateTimeOffset> warned = new(StringComparer.Ordinal);

    public Task SetAsync(string key, byte[] value, TimeSpan life, Holder holder, CancellationToken cancel) =>
        store.SetAsync(key, Seal(key, value), life, holder, cancel);

    /// <summary>Null when absent, expired or not sealed by this server for this key.</summary>
    public async ValueTask<Unsealed?> GetAsync(string key, CancellationToken cancel) =>
        await store.GetAsync(key, cancel) is { } bytes && Open(key, bytes) is { } value ? new Unsealed(value, bytes) : null;

    /// <summary>Reads and removes in one step; one caller of many gets the value.</summary>
    public async Task<byte[]?> TakeAsync(string key, CancellationToken cancel) =>
        await store.TakeAsync(key, cancel) is { } bytes ? Open(key, bytes) : null;

    /// <summary>Writes only if the key is absent.</summary>
    public Task<bool> AddAsync(string key, byte[] value, TimeSpan life, Holder holder, CancellationToken cancel) =>
        store.AddAsync(key, Seal(key, value), life, holder, cancel);

    /// <summary>Compare-and-set: the bytes that the store holds now; null when they were others than <paramref name="expected"/>.</summary>
    public async Task<byte[]?> ReplaceAsync(string key, byte[] expected, byte[] value, TimeSpan life, Holder holder, CancellationToken cancel)
    {
        var bytes = Seal(key, value);
        return await store.ReplaceAsync(key, expected, bytes, life, holder, cancel) ? bytes : null;
    }

    public Task RemoveAsync(string key, CancellationToken cancel) => store.RemoveAsync(key, cancel);

    /// <summary>For what is kept outside of the store, under the same rules.</summary>
    public byte[] Seal(string key, byte[] value) => protector.Seal(Purpose, value, key);

    /// <summary>Null when it does not open, which is logged once an hour for each kind of key.</summary>
    private byte[]? Open(string key, byte[] bytes)
    {
        try
        {
            return protector.Open(Purpose, bytes, key);
        }
        catch (SealBrokenException)
        {
            var (kind, now) = (key[..(key.IndexOf(':', StringComparison.Ordinal) + 1)], clock.GetUtcNow());
            if (warned.AddOrUpdate(kind, now, (_, last) => now - last < Quiet ? last : now) == now)
                LogBroken(kind);
            return null;
        }
    }

    /// <summary>What <see cref="Seal"/> made of a value that did not come from the store: strangers may send anything, so nothing is logged.</summary>
    public byte[]? TryOpen(string key, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return protector.Open(Purpose, bytes, key);
        }
        catch (SealBrokenException)
        {
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A value in the ephemeral store under {Kind} was not written by this server, or with another master key; it is treated as missing")]
    private partial void LogBroken(string kind);
}
