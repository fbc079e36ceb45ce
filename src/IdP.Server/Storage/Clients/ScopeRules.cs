using IdP.Protocol.Tokens;

namespace IdP.Server.Storage.Clients;

/// <summary>What an operator's own scope may say.</summary>
internal static class ScopeRules
{
    public static IReadOnlyList<Fault> Check(Scope scope)
    {
        List<Fault> faults = [];
        if (scope.Name.Length is 0 or > 100 || !scope.Name.All(IsScopeChar))
            faults.Add(new("name", $"'{scope.Name}' must be 1 to 100 printable ASCII characters without space, quote or backslash (RFC 6749 §3.3)"));
        if (ScopeCatalogue.Standard.Any(s => s.Name == scope.Name))
            faults.Add(new("name", $"'{scope.Name}' is a standard scope and cannot be redefined"));
        if (scope.Audience is { } audience && (audience.Length is 0 or > 200 || audience.Any(c => c is <= ' ' or > '~')))
            faults.Add(new("audience", $"'{audience}' must be 1 to 200 printable ASCII characters without space"));
        if (scope.Claims is { } claims && claims.Any(string.IsNullOrWhiteSpace))
            faults.Add(new("claims", "has an empty name"));
        foreach (var name in scope.Claims?.Where(ReservedClaims.Contains) ?? [])
            faults.Add(new("claims", $"'{name}' is for this server alone to say"));
        return faults;
    }

    private static bool IsScopeChar(char c) => c is > ' ' and <= '~' and not '"' and not '\\';
}
