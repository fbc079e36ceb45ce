namespace IdP.Protocol;

/// <summary>
/// The parameters of one request, query or form. RFC 6749 §3.1: a parameter sent without a value counts as omitted;
/// none may be sent twice - <see cref="Repeated"/> names the first that was, and every endpoint refuses it.
/// </summary>
public sealed class Parameters
{
    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);
    private readonly HashSet<string>? repeated;

    public Parameters(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        foreach (var (name, value) in pairs)
        {
            if (!values.TryAdd(name, value))
            {
                Repeated ??= name;
                (repeated ??= new(StringComparer.Ordinal)).Add(name);
            }
        }
    }

    /// <summary>The value, or null when it was not sent or sent empty.</summary>
    public string? this[string name] => values.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    /// <summary>The name of the first parameter that was sent more than once.</summary>
    public string? Repeated { get; }

    public bool WasRepeated(string name) => repeated?.Contains(name) is true;

    /// <summary>Each name once, with its first value; what a sign-in in progress keeps.</summary>
    public IReadOnlyDictionary<string, string> All => values;
}
