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
    /// <summary>Names that policies speak of; no spaces in them.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];
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
    /// <summary>Proofs made at another epoch count for nothing.</summary>
    public int Epoch { get; init; }
    public string? PreferredFactor { get; init; }
    /// <summary>How often this person has put off forced binding.</summary>
    public int BindingSkips { get; init; }
    /// <summary>The one to ask for first is first: the preferred factor's, then by last use, then as they were bound.</summary>
    public IReadOnlyList<BoundFactor> Bindings
    {
        get;
        init
        {
            field = value;
            BoundFactors = [.. value.Select(binding => binding.Factor).Distinct()];
        }
    } = [];
    /// <summary>Factor ids, in the order of the bindings.</summary>
    public IReadOnlyList<string> BoundFactors { get; private init; } = [];

    /// <summary>The same person as claims; made once per reading.</summary>
    public Person Person => person ??= People.From(this);

    /// <summary>Whether the binding that was proven is still there.</summary>
    public bool Holds(FactorProof proof) => HasBinding(proof.Binding);

    public bool HasBinding(string id) => FindBinding(id) is not null;

    public BoundFactor? FindBinding(string id) => Bindings.FirstOrDefault(binding => binding.Id == id);
}

/// <param name="Id">The binding's.</param>
/// <param name="BoundAt">Rebinding, and new recovery codes, make a new binding.</param>
internal sealed record BoundFactor(string Id, string Factor, DateTimeOffset BoundAt);
