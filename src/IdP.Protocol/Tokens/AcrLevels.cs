namespace IdP.Protocol.Tokens;

/// <summary>The two levels this server proves, and the names operators gave them. Higher includes lower.</summary>
public sealed class AcrLevels
{
    public const string Password = "pwd";
    public const string Mfa = "mfa";

    private readonly Dictionary<string, string> levels = new(StringComparer.Ordinal) { [Password] = Password, [Mfa] = Mfa };

    public AcrLevels(ProtocolOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        foreach (var (name, level) in options.AcrNames)
            levels[name] = level is Password or Mfa ? level : throw new ArgumentException($"acr name '{name}' maps to '{level}'; it must map to 'pwd' or 'mfa'.");
        Names = [.. levels.Keys];
    }

    public IReadOnlyList<string> Names { get; }

    public bool Knows(string name) => levels.ContainsKey(name);

    /// <summary>"pwd" or "mfa"; null for names this server does not know.</summary>
    public string? LevelOf(string name) => levels.GetValueOrDefault(name);

    public static bool Reaches(string reached, string level) => level == Password || reached == Mfa;
}
