namespace IdP.Server.Hosting;

/// <summary>
/// Tells settings from options on one command line: a setting begins with a capital ("--Storage:Database VALUE", "--Issuer=VALUE"),
/// options and verbs never do.
/// </summary>
internal static class SettingArguments
{
    public static (Dictionary<string, string?> Settings, string[] Others) Split(IReadOnlyList<string> arguments, List<string> faults)
    {
        Dictionary<string, string?> settings = new(StringComparer.OrdinalIgnoreCase);
        List<string> rest = [];
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (argument.Length < 3 || !argument.StartsWith("--", StringComparison.Ordinal) || !char.IsAsciiLetterUpper(argument[2]))
                rest.Add(argument);
            else if (argument.IndexOf('=', StringComparison.Ordinal) is > 0 and var cut)
                settings[argument[2..cut]] = argument[(cut + 1)..];
            else if (i + 1 < arguments.Count)
                settings[argument[2..]] = arguments[++i];
            else
                faults.Add($"the setting {argument} has no value");
        }

        return (settings, [.. rest]);
    }
}
