namespace IdP.Server.Mail;

/// <summary>A template's text with its values.</summary>
internal static class MailText
{
    /// <summary>Lines that have placeholders, all of them with nothing to say, are left out, and what they leave empty with them.</summary>
    public static string Fill(string template, Func<string, string> value) =>
        string.Join("\n\n", Blocks(template, value).Select(lines => string.Join('\n', lines.Select(line => MailTemplates.Fill(line, value))))) + "\n";

    /// <summary>What empty lines part, as template lines that have something to say.</summary>
    public static IEnumerable<string[]> Blocks(string template, Func<string, string> value) =>
        template.Split("\n\n").Select(block => block.Split('\n').Where(line => Speaks(line, value)).ToArray()).Where(lines => lines.Length > 0);

    private static bool Speaks(string line, Func<string, string> value)
    {
        var places = MailTemplates.PlacesIn(line).ToArray();
        return line.Length > 0 && (places.Length == 0 || places.Any(place => value(place).Length > 0));
    }
}
