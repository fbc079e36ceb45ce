namespace IdP.Server.Accounts;

/// <summary>What a password hash costs. Not a setting: tests that are not about passwords use a cheaper one.</summary>
/// <param name="MemoryKib">KiB; at least 8.</param>
/// <param name="Passes">At least 1.</param>
internal sealed record PasswordCost(int MemoryKib, int Passes)
{
    /// <summary>19 MiB and two passes, the first choice of OWASP's Password Storage Cheat Sheet.</summary>
    public static readonly PasswordCost Today = new(19 * 1024, 2);
}
