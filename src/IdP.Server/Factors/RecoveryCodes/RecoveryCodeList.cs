using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IdP.Server.Factors.RecoveryCodes;

/// <summary>What one binding holds: a keyed hash of each code. A code that was used stays known, so that its second use can be told from a wrong one.</summary>
internal sealed record RecoveryCodeList(IReadOnlyList<byte[]> Left, IReadOnlyList<byte[]> Used)
{
    public const string Factor = "recovery";
    public const int Count = 10;
    /// <summary>Characters of a code, the dash not counted: 31^10 is just under 50 bits, and guesses are limited.</summary>
    public const int Length = 10;
    /// <summary>Fewer left than this is worth a word.</summary>
    public const int Few = 3;

    // Nothing that looks like something else: no 0 and o, no 1, l and i.
    private const string Alphabet = "23456789abcdefghjkmnpqrstuvwxyz";

    public static string[] Draw() => [.. Enumerable.Range(0, Count).Select(_ => RandomNumberGenerator.GetString(Alphabet, Length)).Select(code => $"{code[..5]}-{code[5..]}")];

    public static RecoveryCodeList Of(IEnumerable<string> codes, byte[] key) => new([.. codes.Select(code => Hash(Read(code)!, key))], []);

    /// <summary>As people type it: any case, spaces and dashes as they like. Null for what no code can be.</summary>
    public static string? Read(string typed)
    {
        if (typed.Length > 4 * Length)
            return null;
        var plain = string.Concat(typed.Where(c => c is not (' ' or '-'))).ToLowerInvariant();
        return plain.Length == Length && plain.All(Alphabet.Contains) ? plain : null;
    }

    public static byte[] Hash(string plain, byte[] key) => HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(plain));

    public bool Has(byte[] hash) => Holds(Left, hash);

    public bool HadBefore(byte[] hash) => Holds(Used, hash);

    public RecoveryCodeList Without(byte[] hash) =>
        new([.. Left.Where(code => !CryptographicOperations.FixedTimeEquals(code, hash))], [.. Used, hash]);

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, RecoveryCodesJson.Default.RecoveryCodeList);

    public static RecoveryCodeList From(byte[] opened) =>
        JsonSerializer.Deserialize(opened, RecoveryCodesJson.Default.RecoveryCodeList) ?? throw new JsonException("A list of recovery codes is empty.");

    /// <summary>Records print their members; this one must not (I-7).</summary>
    public override string ToString() => $"{Left.Count} recovery codes";

    private static bool Holds(IReadOnlyList<byte[]> hashes, byte[] hash) => hashes.Any(code => CryptographicOperations.FixedTimeEquals(code, hash));
}

[JsonSerializable(typeof(RecoveryCodeList))]
internal sealed partial class RecoveryCodesJson : JsonSerializerContext;
