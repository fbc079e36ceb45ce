using System.Globalization;
using System.Security.Cryptography;
using NSec.Cryptography;

namespace IdP.Server.Accounts;

/// <summary>An Argon2id hash in PHC string format: $argon2id$v=19$m=KIB,t=PASSES,p=1$SALT$HASH, base64 without padding (RFC 9106).</summary>
internal sealed record Argon2Phc(int MemoryKib, int Passes, byte[] Salt, byte[] Hash)
{
    private const int SaltSize = 16;
    private const int HashSize = 32;
    // An imported hash may be dearer than ours, but not so dear that checking it is an attack. Until its owner signs in for the first time, which makes it one
    // of ours, its name takes longer than an unknown one: to have everybody pay the dearest price would hand strangers the means to keep the server busy.
    private const int MostMemory = 256 * 1024;
    private const int MostPasses = 10;

    /// <summary>For people who do not exist: costs as much as a real hash, and no password matches it.</summary>
    public static Argon2Phc Nobody(PasswordCost cost) => new(cost.MemoryKib, cost.Passes, new byte[SaltSize], new byte[HashSize]);

    public bool Has(PasswordCost cost) => MemoryKib == cost.MemoryKib && Passes == cost.Passes && Salt.Length == SaltSize && Hash.Length == HashSize;

    public static Argon2Phc New(byte[] password, PasswordCost cost)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltSize);
        return new(cost.MemoryKib, cost.Passes, salt, Derive(cost.MemoryKib, cost.Passes, password, salt, HashSize));
    }

    public bool Matches(byte[] password) => CryptographicOperations.FixedTimeEquals(Derive(MemoryKib, Passes, password, Salt, Hash.Length), Hash);

    /// <summary>Null when it is something else, or beyond what this server computes (one lane; at most 256 MiB and ten passes).</summary>
    public static Argon2Phc? Parse(string phc)
    {
        if (phc.Split('$') is not ["", "argon2id", "v=19", var costs, var salt, var hash] || costs.Split(',') is not [var m, var t, "p=1"])
            return null;
        return Number(m, "m=") is >= 8 and <= MostMemory and var memory && Number(t, "t=") is >= 1 and <= MostPasses and var passes
            && Decode(salt) is { Length: SaltSize } salted && Decode(hash) is { Length: >= 16 and <= 128 } hashed
            ? new(memory, passes, salted, hashed) : null;
    }

    public override string ToString() => $"$argon2id$v=19$m={MemoryKib},t={Passes},p=1${Encode(Salt)}${Encode(Hash)}";

    private static byte[] Derive(int memory, int passes, byte[] password, byte[] salt, int size) =>
        new Argon2id(new Argon2Parameters { DegreeOfParallelism = 1, MemorySize = memory, NumberOfPasses = passes }).DeriveBytes(password, salt, size);

    private static int Number(string text, string name) =>
        text.StartsWith(name, StringComparison.Ordinal) && int.TryParse(text.AsSpan(name.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : -1;

    private static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    private static byte[]? Decode(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='), bytes, out var length) ? bytes[..length] : null;
    }
}
