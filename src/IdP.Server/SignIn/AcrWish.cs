using IdP.Protocol.Tokens;

namespace IdP.Server.SignIn;

/// <summary>
/// What level this request wants. acr_values is a wish list: the first name that can be met. An essential acr and the client's MinimumAcr are demands.
/// </summary>
internal readonly struct AcrWish
{
    private readonly IReadOnlyList<string> names;
    private readonly AcrLevels levels;
    private readonly string leastSaid;

    private AcrWish(string target, IReadOnlyList<string> usable, IReadOnlyList<string> names, AcrLevels levels, string leastSaid, bool cannotBeMet)
    {
        Target = target;
        Usable = usable;
        this.names = names;
        this.levels = levels;
        this.leastSaid = leastSaid;
        CannotBeMet = cannotBeMet;
    }

    /// <summary>"pwd" or "mfa": what has to be reached before anything is answered.</summary>
    public string Target { get; }

    /// <summary>Bound factors that are good enough for mfa at this server and this client.</summary>
    public IReadOnlyList<string> Usable { get; }

    public bool CannotBeMet { get; }

    public static AcrWish Read(Situation now)
    {
        var client = now.Request.Client;
        string[] usable = [.. now.Person!.BoundFactors.Where(factor =>
            now.AcceptedFactors.Contains(factor) && (client.AcceptedFactors.Count == 0 || client.AcceptedFactors.Contains(factor)))];
        var mfaPossible = usable.Length > 0;
        var minimum = client.MinimumAcr == AcrLevels.Mfa ? AcrLevels.Mfa : AcrLevels.Password;

        if (now.Request.EssentialAcr is { Count: > 0 } demanded)
        {
            var target = FirstPossible(demanded, now.Levels, mfaPossible);
            var impossible = target is null || (minimum == AcrLevels.Mfa && !mfaPossible);
            // OIDC Core §5.5.1.1: what is said is one of the values demanded, a lower one than the client's minimum too.
            return new(Higher(target, minimum), usable, demanded, now.Levels, AcrLevels.Password, impossible);
        }

        var wished = FirstPossible(now.Request.AcrValues, now.Levels, mfaPossible);
        return new(Higher(wished, minimum), usable, now.Request.AcrValues, now.Levels, minimum, minimum == AcrLevels.Mfa && !mfaPossible);
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
