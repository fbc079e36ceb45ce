namespace IdP.Protocol.Tokens;

/// <param name="Audience">What the scope adds to an access token's aud; a client with this id may introspect such tokens. Null adds the issuer.</param>
/// <param name="Claims">Claims the scope opens at userinfo.</param>
public sealed record Scope(string Name, string? DisplayName = null, string? Description = null, string? Audience = null, IReadOnlyList<string>? Claims = null);

/// <summary>The scopes of OIDC Core §5.4 and those operators added.</summary>
public sealed class ScopeCatalogue
{
    public const string OpenId = "openid";
    public const string OfflineAccess = "offline_access";

    public static readonly IReadOnlyList<Scope> Standard =
    [
        new(OpenId, Claims: ["sub"]),
        new("profile", Claims: ["name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"]),
        new("email", Claims: ["email", "email_verified"]),
        new("address", Claims: ["address"]),
        new("phone", Claims: ["phone_number", "phone_number_verified"]),
        new(OfflineAccess),
    ];

    private readonly Dictionary<string, Scope> byName = new(StringComparer.Ordinal);

    public ScopeCatalogue(IEnumerable<Scope> added)
    {
        foreach (var scope in Standard.Concat(added))
            byName[scope.Name] = scope;
        Names = [.. byName.Keys];
    }

    /// <summary>One of OIDC Core's own: about a person, or about their absence.</summary>
    public static bool IsStandard(string name)
    {
        foreach (var scope in Standard)
        {
            if (scope.Name == name)
                return true;
        }
        return false;
    }

    public IReadOnlyList<string> Names { get; }

    /// <summary>The claims that these scopes open; a name may come twice.</summary>
    public IEnumerable<string> ClaimsOf(IEnumerable<string> scopes) => scopes.SelectMany(name => Find(name)?.Claims ?? []);

    public Scope? Find(string name) => byName.GetValueOrDefault(name);
}
