using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using IdP.Server.Accounts.CommonPasswords;
using IdP.Server.Storage;

namespace IdP.Server.Accounts;

/// <summary>Why a password is not good enough.</summary>
internal enum PasswordWeakness
{
    TooShort,
    TooLong,
    CannotBeTyped,
    /// <summary>On the list of the commonest.</summary>
    Common,
    /// <summary>Made of the account's own names.</summary>
    OwnName,
    /// <summary>Built of what guessers try first.</summary>
    Guessable,
}

/// <param name="Reason">For operators; never the password.</param>
/// <param name="Score">From 0 to 4, where it was estimated (<see cref="GuessEstimate"/>).</param>
internal sealed record PasswordFault(PasswordWeakness Weakness, string Reason, int Score = 0);

/// <summary>
/// NIST SP 800-63B §3.1.1.2: length, a list of common passwords and the account's own names decide, and an estimate of the guesses it takes; no rules about kinds of
/// characters. Asked wherever a password is set, never where one is tried.
/// </summary>
internal static partial class PasswordPolicy
{
    /// <summary>10^8 guesses: far more than the limits on guessing leave anybody in a lifetime.</summary>
    private const int LeastScore = 2;
    private const int ShortestName = 3;
    private const int LeastBesideNames = 4;

    /// <summary>Null when it is good enough.</summary>
    /// <param name="account">Whose it will be.</param>
    public static PasswordFault? Check(string password, int minimumLength, UserDraft account) =>
        Check(password, minimumLength, [account.UserName, account.Email, account.Name]);

    /// <param name="names">What the account is known by; null for what it does not have.</param>
    public static PasswordFault? Check(string password, int minimumLength, IEnumerable<string?> names)
    {
        // People count characters, not UTF-16 units.
        var characters = new StringInfo(password).LengthInTextElements;
        if (characters < minimumLength)
            return new(PasswordWeakness.TooShort, $"has {characters} characters; it needs at least {minimumLength}");
        if (password.Length > Passwords.Longest)
            return new(PasswordWeakness.TooLong, $"is longer than {Passwords.Longest} characters");
        if (!Passwords.IsUsable(password))
            return new(PasswordWeakness.CannotBeTyped, "has characters that cannot be typed");

        var plain = password.Normalize(NormalizationForm.FormKC).Trim().ToLowerInvariant();
        if (CommonPasswordList.Has(plain))
            return new(PasswordWeakness.Common, "is among the ones that are used most, which are tried first");
        string[] words = [.. names.OfType<string>().SelectMany(WordsOf).Distinct().OrderByDescending(word => word.Length)];
        if (IsMadeOf(plain, words))
            return new(PasswordWeakness.OwnName, "is made of the account's own name or address");
        return Guessability.Of(plain, words) is { Score: < LeastScore and var score }
            ? new(PasswordWeakness.Guessable, "is easy to guess; three or four words that do not belong together are better", score)
            : null;
    }

    private static bool IsMadeOf(string plain, string[] words)
    {
        var left = words.Aggregate(plain, (rest, word) => rest.Replace(word, "", StringComparison.Ordinal));
        return left.Length < plain.Length && left.Count(char.IsLetterOrDigit) < LeastBesideNames;
    }

    /// <summary>"alice.liddell@example.com": the whole of it, "alice", "liddell", "example", "com".</summary>
    private static IEnumerable<string> WordsOf(string name) =>
        UserNames.Normalize(name) is { } plain ? [.. Word().Matches(plain).Select(match => match.Value).Append(plain).Where(word => word.Length >= ShortestName)] : [];

    [GeneratedRegex(@"[\p{L}\p{N}]+")]
    private static partial Regex Word();
}
