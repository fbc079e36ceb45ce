using System.Text.Json.Serialization;

namespace IdP.Server.Accounts;

/// <summary>What was really proven in one browser session, and when. The only source of acr and amr (I-1).</summary>
internal sealed record Proofs
{
    public static readonly Proofs None = new();

    /// <summary>When the password was last typed and found right; auth_time.</summary>
    public DateTimeOffset? PasswordAt { get; init; }

    /// <summary>Second factors done, newest last, at most one entry per way (<see cref="FactorProof.Id"/>).</summary>
    public IReadOnlyList<FactorProof> Factors { get; init; } = [];

    /// <summary>
    /// Forced binding was put off: how many skips the demand allowed that this was counted under. So until the password is typed anew, and for demands that
    /// allow no less. No proof of anything.
    /// </summary>
    public int? BindingPutOff { get; init; }

    /// <summary>
    /// The person's epoch when this was proven: no session begins or goes on with it after the epoch was raised. Of a session it says nothing, since raising the
    /// epoch ends those that must not go on.
    /// </summary>
    public int Epoch { get; init; }

    /// <summary>
    /// When a second factor that was proven in this session was unbound or replaced on the person's own pages. They stay open to whoever did that; no app is
    /// told of it, and it is no proof of anything.
    /// </summary>
    public DateTimeOffset? SettledAt { get; init; }

    /// <summary>By content: what two readings of one sign-in are compared with.</summary>
    public bool SameAs(Proofs other) =>
        Epoch == other.Epoch && PasswordAt == other.PasswordAt && BindingPutOff == other.BindingPutOff
        && Factors.Select(f => (f.Id, f.At)).SequenceEqual(other.Factors.Select(f => (f.Id, f.At)));

    public Proofs With(FactorProof proof) => this with { Factors = [.. Factors.Where(f => f.Id != proof.Id), proof] };
}

/// <param name="Factor">The kind that was proven, as its binding names it: "totp", "app", ...</param>
/// <param name="Binding">What was proven: the proof is worth something for as long as that very binding is there.</param>
/// <param name="Amr">RFC 8176 values for what ran: "otp", "swk", "mca".</param>
/// <param name="Way">How it was asked: "push"; null where the kind has one way only.</param>
internal sealed record FactorProof(string Factor, string Binding, DateTimeOffset At, IReadOnlyList<string> Amr, string? Way = null)
{
    /// <summary>Id of the way: "totp", "app/push".</summary>
    [JsonIgnore]
    public string Id => FactorIds.Of(Factor, Way);
}

/// <summary>
/// Ids of second factors. A kind is what a person binds ("app"); a way is how it is asked ("app/push"). Where a kind has one way, both have the same id.
/// </summary>
internal static class FactorIds
{
    public static string Of(string kind, string? way) => way is null ? kind : $"{kind}/{way}";

    public static string KindOf(string id) => id.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash ? id[..slash] : id;

    /// <summary>Whether a list of accepted factors takes this one: it names the way or its kind, or is empty and takes all.</summary>
    public static bool Takes(IReadOnlyCollection<string> accepted, string id) =>
        accepted.Count == 0 || accepted.Contains(id) || accepted.Contains(KindOf(id));
}

/// <summary>A browser session. The cookie holds a random handle, never this.</summary>
/// <param name="Id">The public sid.</param>
/// <param name="DeviceId">The trusted device that spared it the second step; it ends with it.</param>
/// <param name="Epoch">The person's, when this was read: codes that are given in the session carry it.</param>
internal sealed record Session(
    string Id, string UserId, Proofs Proofs, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, string? DeviceId = null, int Epoch = 0);
