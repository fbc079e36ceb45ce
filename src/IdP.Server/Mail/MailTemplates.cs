using System.Text.RegularExpressions;
using IdP.Server.Hosting;

namespace IdP.Server.Mail;

/// <param name="Html">The operator's own; null: made from the text.</param>
internal sealed record MailTemplate(string Subject, string Text, string? Html);

/// <summary>
/// The words of every mail in every language: ours, or the operator's where a file of its name is in Mail:TemplateDirectory. KIND.LANGUAGE.txt begins with
/// "Subject: ..." and an empty line; KIND.LANGUAGE.html takes the place of the page we would make of the text. Read once, at start.
/// </summary>
internal sealed partial class MailTemplates
{
    private readonly Dictionary<(string Kind, string Language), MailTemplate> templates = [];

    public MailTemplates(IdpOptions options)
    {
        foreach (var kind in MailKind.All)
        {
            foreach (var (language, _) in Languages.All)
                templates.Add((kind.Name, language), Load(options.Mail.TemplateDirectory, kind, language));
        }
    }

    public MailTemplate Of(MailKind kind, string language) => templates[(kind.Name, language)];

    /// <summary>Everything wrong with an operator's folder: unknown files, unknown or missing placeholders, no subject.</summary>
    public static IEnumerable<string> Faults(string? folder)
    {
        if (string.IsNullOrEmpty(folder))
            return [];
        if (!Directory.Exists(folder))
            return [$"Mail:TemplateDirectory: there is no folder '{folder}'"];
        return Directory.EnumerateFiles(folder).Where(file => Path.GetExtension(file) is ".txt" or ".html").Order().SelectMany(FileFaults).Select(fault => "Mail:TemplateDirectory: " + fault);
    }

    /// <summary>The placeholders of a text.</summary>
    public static IEnumerable<string> PlacesIn(string text) => Place().Matches(text).Select(match => match.Groups[1].Value).Distinct();

    public static string Fill(string text, Func<string, string> value) => Place().Replace(text, match => value(match.Groups[1].Value));

    private static MailTemplate Load(string? folder, MailKind kind, string language)
    {
        var (subject, text) = (MailTexts.Subject(kind, language), MailTexts.Text(kind, language));
        if (Own(folder, kind, language, "txt") is { } own)
            (subject, text) = Split(own) ?? throw new InvalidOperationException($"Mail:TemplateDirectory: {kind.Name}.{language}.txt has no subject.");
        return new(subject, text, Own(folder, kind, language, "html"));
    }

    private static string? Own(string? folder, MailKind kind, string language, string type) =>
        !string.IsNullOrEmpty(folder) && Path.Combine(folder, $"{kind.Name}.{language}.{type}") is var file && File.Exists(file) ? Lines(File.ReadAllText(file)) : null;

    private static IEnumerable<string> FileFaults(string file)
    {
        var name = Path.GetFileName(file);
        var kind = MailKind.All.FirstOrDefault(kind => Languages.All.Any(language => name == $"{kind.Name}.{language.Tag}{Path.GetExtension(file)}"));
        if (kind is null)
        {
            yield return $"'{name}' is no template of this server; names are KIND.LANGUAGE.txt or .html with {string.Join(", ", MailKind.All.Select(k => k.Name))} and {string.Join(", ", Languages.All.Select(l => l.Tag))}";
            yield break;
        }

        string? text = null;
        string? unreadable = null;
        try
        {
            text = Lines(File.ReadAllText(file));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            unreadable = $"'{name}' cannot be read: {problem.Message}";
        }

        if (text is null)
        {
            yield return unreadable!;
            yield break;
        }

        if (name.EndsWith(".txt", StringComparison.Ordinal) && Split(text) is null)
            yield return $"'{name}' must begin with a line 'Subject: ...' and an empty line";
        foreach (var place in PlacesIn(text).Except(kind.Places))
            yield return $"'{name}' asks for {{{{{place}}}}}, which this mail does not have; known are {string.Join(", ", kind.Places)}";
        if (kind.Needed is { } needed && !PlacesIn(text).Contains(needed))
            yield return $"'{name}' lacks {{{{{needed}}}}}";
    }

    private static (string Subject, string Text)? Split(string file) =>
        file.Split('\n', 3) is [{ } first, "", { } text] && first.StartsWith("Subject:", StringComparison.OrdinalIgnoreCase) && first["Subject:".Length..].Trim() is { Length: > 0 } subject
            ? (subject, text.Trim('\n')) : null;

    private static string Lines(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal);

    [GeneratedRegex(@"\{\{\s*(\w+)\s*\}\}")]
    private static partial Regex Place();
}
