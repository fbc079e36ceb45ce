namespace IdP.Server.Accounts;

/// <summary>NIST SP 800-63B §3.1.1.2: length decides; no rules about kinds of characters.</summary>
internal static class PasswordPolicy
{
    /// <summary>Every reason against the password; never the password.</summary>
    public static IReadOnlyList<string> Faults(string password, int minimumLength)
    {
        List<string> faults = [];
        // People count characters, not UTF-16 units.
        var characters = new System.Globalization.StringInfo(password).LengthInTextElements;
        if (characters < minimumLength)
            faults.Add($"has {characters} characters; it needs at least {minimumLength}");
        if (password.Length > Passwords.Longest)
            faults.Add($"is longer than {Passwords.Longest} characters");
        else if (password.Length > 0 && !Passwords.IsUsable(password))
            faults.Add("has characters that cannot be typed");
        return faults;
    }
}
