using System.Security.Cryptography;
using System.Text;
using IdP.Server.Storage;

namespace IdP.Server.Accounts;

/// <summary>
/// Password hashes: Argon2id as PHC strings, sealed with the master key and bound to the account, so that a stolen database alone cannot be guessed
/// against (N-41). Verifying costs the same whether or not there is anything to verify.
/// </summary>
internal sealed class Passwords(SecretProtector protector, HashingThreads threads, PasswordCost cost)
{
    /// <summary>UTF-16 units. Longer is refused, never cut.</summary>
    public const int Longest = 256;

    private const string Purpose = "password";

    /// <exception cref="ArgumentException">Empty, too long, or broken Unicode: check <see cref="IsUsable"/> first.</exception>
    /// <exception cref="BusyException">Too many hashes are waiting.</exception>
    public async Task<byte[]> HashAsync(string userId, string password, CancellationToken cancel, HashFor whom = default)
    {
        var bytes = Bytes(password) ?? throw new ArgumentException("Not a usable password.", nameof(password));
        var phc = await threads.RunAsync(() => Argon2Phc.New(bytes, cost).ToString(), cancel, whom);
        return Seal(userId, phc);
    }

    public async Task<bool> VerifyAsync(string userId, byte[]? kept, string password, CancellationToken cancel, HashFor whom = default)
    {
        var bytes = Bytes(password);
        var phc = kept is null || bytes is null ? null : Open(userId, kept);
        return await threads.RunAsync(() => (phc ?? Argon2Phc.Nobody(cost)).Matches(bytes ?? []) && phc is not null, cancel, whom);
    }

    /// <summary>Whether the hash was made with other parameters than today's (imported, or made by an older version).</summary>
    public bool NeedsRehash(string userId, byte[] kept) => !Open(userId, kept).Has(cost);

    /// <summary>Seals a hash made elsewhere. Null when it is not an Argon2id PHC string within our limits.</summary>
    public byte[]? Import(string userId, string phc) => Argon2Phc.Parse(phc) is null ? null : Seal(userId, phc);

    public static bool IsUsable(string password) => Bytes(password) is not null;

    /// <summary>NFC, so that the same keys pressed on another system are the same password (N-40). Null when it can be nobody's.</summary>
    private static byte[]? Bytes(string password)
    {
        if (password.Length is 0 or > Longest)
            return null;
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(password.Normalize(NormalizationForm.FormC));
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private byte[] Seal(string userId, string phc) => protector.Seal(Purpose, Encoding.ASCII.GetBytes(phc), userId);

    private Argon2Phc Open(string userId, byte[] kept) =>
        Argon2Phc.Parse(Encoding.ASCII.GetString(protector.Open(Purpose, kept, userId))) ?? throw new CryptographicException("A kept password hash is not one.");
}
