using System.CommandLine;

namespace IdP.Server.Cli;

/// <summary>A plain table: columns as wide as their widest cell, two spaces between.</summary>
internal static class TextTable
{
    public static IEnumerable<string> Of(string[] head, IEnumerable<string[]> rows)
    {
        List<string[]> all = [head, .. rows];
        var widths = Enumerable.Range(0, head.Length).Select(i => all.Max(row => row[i].Length)).ToArray();
        return all.Select(row => string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
    }
}

internal static class OptionExtensions
{
    /// <summary>Refuses other values as a usage error that names the good ones.</summary>
    public static Option<T> AcceptOnly<T>(this Option<T> option, params string[] values)
    {
        option.AcceptOnlyFromAmong(values);
        return option;
    }
}
