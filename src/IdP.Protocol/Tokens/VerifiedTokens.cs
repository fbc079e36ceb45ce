using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace IdP.Protocol.Tokens;

/// <summary>
/// Tokens whose signature was found good under one picture of the keys; another picture, and all is forgotten. Bounded: when the young half is full it
/// becomes the old half and the old one goes. Keys are SHA-256 of the token, so no token is kept.
/// </summary>
internal sealed class VerifiedTokens
{
    private const int Half = 5_000;

    private volatile Generation generation = new(null);

    public static Key KeyOf(string token)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(MemoryMarshal.AsBytes(token.AsSpan()), hash);
        return new Key(MemoryMarshal.Read<UInt128>(hash), MemoryMarshal.Read<UInt128>(hash[16..]));
    }

    public AccessTokenContent? Find(KeyRing ring, Key key)
    {
        var now = generation;
        if (!ReferenceEquals(now.Ring, ring))
            return null;
        if (now.Young.TryGetValue(key, out var content))
            return content;
        if (!now.Old.TryGetValue(key, out content))
            return null;
        Add(ring, key, content);
        return content;
    }

    public void Add(KeyRing ring, Key key, AccessTokenContent content)
    {
        var now = generation;
        if (!ReferenceEquals(now.Ring, ring))
            generation = now = new Generation(ring);
        if (now.Young.TryAdd(key, content) && Interlocked.Increment(ref now.Count) >= Half)
            generation = new Generation(ring) { Old = now.Young };
    }

    internal readonly record struct Key(UInt128 High, UInt128 Low);

    private sealed class Generation(KeyRing? ring)
    {
        public int Count;
        public KeyRing? Ring => ring;
        public ConcurrentDictionary<Key, AccessTokenContent> Young { get; } = new();
        public ConcurrentDictionary<Key, AccessTokenContent> Old { get; init; } = new();
    }
}
