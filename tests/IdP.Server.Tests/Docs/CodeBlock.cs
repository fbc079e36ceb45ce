using System.Text.RegularExpressions;

namespace IdP.Server.Tests.Docs;

/// <summary>One fenced block of a Markdown page.</summary>
/// <param name="Before">The text between the block before and this one: it may name the file that the block is.</param>
internal sealed partial record CodeBlock(string Page, int Line, string Language, string Text, string Before)
{
    /// <summary>The commands of a shell block, in words: without comments and quotes.</summary>
    public IEnumerable<string[]> Commands =>
        Text.Split('\n').Select(line => Word().Matches(Comment().Replace(line, "")).Select(word => word.Value.Trim('\'')).ToArray()).Where(words => words.Length > 0);

    /// <summary>The last file name in backticks before the block.</summary>
    public string? FileName => FileNames().Matches(Before).LastOrDefault()?.Groups[1].Value;

    public override string ToString() => $"{Page}:{Line}";

    /// <summary>In the order in which a reader meets them.</summary>
    public static IEnumerable<CodeBlock> Of(string page, string markdown)
    {
        var before = 0;
        foreach (Match fence in Fence().Matches(markdown))
        {
            var line = markdown.AsSpan(0, fence.Index).Count('\n') + 1;
            yield return new(page, line, fence.Groups[1].Value, fence.Groups[2].Value, markdown[before..fence.Index]);
            before = fence.Index + fence.Length;
        }
    }

    [GeneratedRegex("^```([a-z]*)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"(^|\s+)#.*$")]
    private static partial Regex Comment();

    [GeneratedRegex("'[^']*'|[^ ]+")]
    private static partial Regex Word();

    [GeneratedRegex("`([a-z-]+\\.(?:yaml|json))`")]
    private static partial Regex FileNames();
}
