using IdP.Protocol;

namespace IdP.Server.Accounts;

/// <summary>People as claims (OIDC Core §5.1); disabled ones are nobody.</summary>
internal sealed class People(Users users) : IPeople
{
    public async ValueTask<Person?> FindAsync(string subject, CancellationToken cancel) =>
        await users.FindAsync(subject, cancel) is { Disabled: false } user ? user.Person : null;

    public static Person From(UserRecord user)
    {
        var claims = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var (name, value) in user.Claims)
            claims[name] = value;
        claims["preferred_username"] = user.UserName;
        claims["updated_at"] = user.UpdatedAt.ToUnixTimeSeconds();
        Set("name", user.Name);
        Set("locale", user.Locale);
        if (user.Email is not null)
        {
            claims["email"] = user.Email;
            claims["email_verified"] = user.EmailVerified;
        }

        return new(user.Id, claims);

        void Set(string name, string? value)
        {
            if (value is not null)
                claims[name] = value;
        }
    }
}
