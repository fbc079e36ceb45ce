using System.Text.Json;
using IdP.Protocol;
using IdP.Server.Storage.Protocol;

namespace IdP.Server.Accounts;

/// <summary>What an operator says about a person; the password travels apart.</summary>
internal record UserDraft
{
    public required string UserName { get; init; }
    /// <summary>Kept in lower case: people find themselves by it.</summary>
    public string? Email { get; init; }
    public bool EmailVerified { get; init; }
    public string? Name { get; init; }
    /// <summary>BCP 47.</summary>
    public string? Locale { get; init; }
    /// <summary>Further standard claims (OIDC Core §5.1).</summary>
    public Dictionary<string, JsonElement> Claims { get; init; } = [];
    public bool IsAdmin { get; init; }
}

/// <summary>A person as this server knows them.</summary>
internal sealed record UserRecord : UserDraft
{
    private Person? person;

    /// <summary>The sub.</summary>
    public required string Id { get; init; }
    public bool Disabled { get; init; }
    public DateTimeOffset UpdatedAt { get; init; }
    public DateTimeOffset? PasswordChangedAt { get; init; }
    /// <summary>Factor ids, in the order they were bound.</summary>
    public IReadOnlyList<string> BoundFactors { get; init; } = [];

    /// <summary>The same person as claims; made once per reading.</summary>
    public Person Person => person ??= People.From(this);
}
