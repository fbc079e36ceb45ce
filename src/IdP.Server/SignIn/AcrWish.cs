using IdP.Protocol.Tokens;
using IdP.Server.Accounts;

namespace IdP.Server.SignIn;

/// <summary>
/// What level this request wants. acr_values is a wish list: the first name that can be met. An essential acr and the client's MinimumAcr are demands.
/// </summary>
internal readonly struct AcrWish
{
    private readonly IReadOnlyList<string> names;
    private readonly AcrLevels levels;
    private readonly string leastSaid;

    private AcrWish(
        string target, IReadOnlyList<string> usable, IReadOnlyList<string> names, AcrLevels levels, string leastSaid, AcrHindrance hindrance)
    {
        Target = target;
        Usable = usable;
        this.names = names;
        this.levels = levels;
        this.leastSaid = leastSaid;
        Hindrance = hindrance;
    }

    /// <summary>"pwd" or "mfa": what has to be reached before anything is answered.</summary>
    public string Target { get; }

    /// <summary>Ways of bound factors that are good enough for mfa at this server and this client, and bound long enough ago for it.</summary>
    public IReadOnlyList<string> Usable { get; }

    /// <summary>Why a demand cannot be met with what is bound.</summary>
    public AcrHindrance Hindrance { get; }

    public static AcrWish Read(Situation now)
    {
        BoundFactor[] accepted = [.. now.Person!.Bindings.Where(binding => AcceptedWays(now, binding.Factor).Any())];
        string[] usable =
        [
            .. accepted.Where(binding => Proven.IsOldEnough(now, binding)).Select(binding => binding.Factor).Distinct()
                .SelectMany(kind => AcceptedWays(now, kind)),
        ];
        var mfaPossible = usable.Length > 0;
        var minimum = now.Request.Client.MinimumAcr == AcrLevels.Mfa ? AcrLevels.Mfa : AcrLevels.Password;
        var forWantOfMfa = accepted.Length == 0 ? AcrHindrance.NothingBound : AcrHindrance.BoundTooRecently;
        var hindrance = minimum == AcrLevels.Mfa && !mfaPossible ? forWantOfMfa : AcrHindrance.None;

        if (now.Request.EssentialAcr is { Count: > 0 } demanded)
        {
            var target = FirstPossible(demanded, now.Levels, mfaPossible);
            if (FirstPossible(demanded, now.Levels, mfaPossible: true) is null)
                hindrance = AcrHindrance.UnknownName;
            else if (target is null)
                hindrance = forWantOfMfa;
            // OIDC Core §5.5.1.1: what is said is one of the values demanded, a lower one than the client's minimum too.
            return new(Higher(target, minimum), usable, demanded, now.Levels, AcrLevels.Password, hindrance);
        }

        var wished = FirstPossible(now.Request.AcrValues, now.Levels, mfaPossible);
        return new(Higher(wished, minimum), usable, now.Request.AcrValues, now.Levels, minimum, hindrance);
    }

    /// <summary>
    /// The name to say: the client's own for the highest level that was reached, else ours. Never more than was reached, and never less than the client's
    /// MinimumAcr, unless a lower one was demanded by name: whoever looks at its tokens is to see that it was met, also when the app wished for less.
    /// </summary>
    public string NameFor(bool reachedMfa)
    {
        var reached = reachedMfa ? AcrLevels.Mfa : AcrLevels.Password;
        foreach (var name in names)
        {
            if (levels.LevelOf(name) == reached)
                return name;
        }

        foreach (var name in names)
        {
            if (levels.LevelOf(name) is { } level && AcrLevels.Reaches(reached, level) && AcrLevels.Reaches(level, leastSaid))
                return name;
        }

        return reached;
    }

    private static IEnumerable<string> AcceptedWays(Situation now, string kind) => now.WaysOf(kind).Where(way => Proven.Accepts(now, way));

    private static string? FirstPossible(IReadOnlyList<string> names, AcrLevels levels, bool mfaPossible)
    {
        foreach (var name in names)
        {
            if (levels.LevelOf(name) is { } level && (level == AcrLevels.Password || mfaPossible))
                return level;
        }

        return null;
    }

    private static string Higher(string? wished, string minimum) =>
        wished == AcrLevels.Mfa || minimum == AcrLevels.Mfa ? AcrLevels.Mfa : AcrLevels.Password;
}

/// <summary>Why a demanded level cannot be reached.</summary>
internal enum AcrHindrance
{
    None,
    /// <summary>No name that was demanded means anything here.</summary>
    UnknownName,
    /// <summary>mfa, and nothing is bound that this server and this client accept for it.</summary>
    NothingBound,
    /// <summary>mfa, and what is bound is younger than the client's MinimumFactorAge.</summary>
    BoundTooRecently,
}
