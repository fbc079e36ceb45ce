using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace IdP.Server.Storage;

/// <summary>
/// Seals secrets at rest: AES-256-GCM, one key per purpose (HKDF-SHA256 of the master key), purpose and context authenticated with the text.
/// A sealed value is version (1 byte), nonce (12), tag (16), ciphertext.
/// </summary>
/// <param name="masterKey">Read, or made, when something is first sealed or opened: who only looks at other things leaves no key behind.</param>
internal sealed class SecretProtector(Lazy<byte[]> masterKey)
{
    private const byte Version = 1;
    private const int NonceSize = 12;
    private const int TagSize = 16;
    private const int Overhead = 1 + NonceSize + TagSize;

    private readonly ConcurrentDictionary<string, byte[]> keys = new(StringComparer.Ordinal);

    public SecretProtector(byte[] masterKey) : this(new Lazy<byte[]>(masterKey)) { }

    /// <param name="purpose">One of a handful of fixed names; a key is kept for each.</param>
    /// <param name="context">The row the secret belongs to, so that it cannot be moved to another.</param>
    public byte[] Seal(string purpose, ReadOnlySpan<byte> secret, string context = "")
    {
        var result = new byte[Overhead + secret.Length];
        result[0] = Version;
        var nonce = result.AsSpan(1, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(KeyFor(purpose), TagSize);
        aes.Encrypt(nonce, secret, result.AsSpan(Overhead), result.AsSpan(1 + NonceSize, TagSize), Bound(purpose, context));
        return result;
    }

    /// <exception cref="SealBrokenException">The value was altered, moved, or sealed with another master key.</exception>
    public byte[] Open(string purpose, ReadOnlySpan<byte> sealedValue, string context = "")
    {
        if (sealedValue.Length < Overhead || sealedValue[0] != Version)
            throw new SealBrokenException("Not a value this server sealed.");
        var secret = new byte[sealedValue.Length - Overhead];
        using var aes = new AesGcm(KeyFor(purpose), TagSize);
        try
        {
            aes.Decrypt(sealedValue.Slice(1, NonceSize), sealedValue[Overhead..], sealedValue.Slice(1 + NonceSize, TagSize), secret, Bound(purpose, context));
        }
        catch (AuthenticationTagMismatchException mismatch)
        {
            throw new SealBrokenException("The value was altered, moved, or sealed with another master key.", mismatch);
        }

        return secret;
    }

    /// <summary>The purpose's own 256-bit key, for HMACs too. The same on every node that has the master key.</summary>
    public byte[] KeyFor(string purpose) => keys.GetOrAdd(purpose, static (name, master) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, master.Value, 32, info: Encoding.UTF8.GetBytes("idp " + name)), masterKey);

    private static byte[] Bound(string purpose, string context) => Encoding.UTF8.GetBytes($"{purpose}\0{context}");
}

/// <summary>A sealed value does not open. For all values of a database at once: it was made with another master key.</summary>
internal sealed class SealBrokenException(string message, Exception? inner = null) : CryptographicException(message, inner);
