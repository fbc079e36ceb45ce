using IdP.Protocol.Tokens;
using IdP.Server.Accounts;
using IdP.Server.Factors.Totp;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Cli.Apply;

/// <summary>What the file may say about a person.</summary>
internal sealed class UserRules(int minimumPasswordLength)
{
    private const int LongestText = 200;

    public IEnumerable<Fault> Check(UserEntry user)
    {
        if (UserNames.Normalize(user.UserName) is null)
            yield return new("userName", "must have 1 to 256 visible characters");
        if (user.Email is { } email && Emails.Fault(email) is { } bad)
            yield return new("email", bad);
        if (user.Name is { Length: > LongestText })
            yield return new("name", $"is longer than {LongestText} characters");
        if (user.Locale is { } locale && (locale.Length is 0 or > 35 || !locale.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')))
            yield return new("locale", $"'{locale}' is not a language tag such as zh-CN");
        foreach (var group in user.Groups ?? [])
        {
            if (group is null or { Length: 0 or > 64 } || group.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)))
                yield return new("groups", $"'{group}' is not a group's name: 1 to 64 characters, no spaces");
        }

        foreach (var (name, value) in user.Claims ?? [])
        {
            if (ReservedClaims.Contains(name))
                yield return new("claims", $"'{name}' is for this server alone to say");
            foreach (var fault in ClaimRules.Check(name, value))
                yield return fault.Under("claims");
        }

        if (user.Password is { } password && PasswordPolicy.Check(password, minimumPasswordLength, [user.UserName, user.Email, user.Name]) is { } guessable)
            yield return new("password", guessable.Reason);

        if (user.TotpSecret is { } secret && TotpSecret.Parse(secret, out var weak) is null)
            yield return new("totpSecret", weak!);
    }

    /// <summary>Two spellings of one name are one account.</summary>
    public static string Key(string userName) => UserNames.Normalize(userName) ?? userName;
}
