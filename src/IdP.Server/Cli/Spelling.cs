namespace IdP.Server.Cli;

/// <summary>What somebody meant who typed a word that is not known.</summary>
internal static class Spelling
{
    private const int Most = 3;

    /// <summary>The word that differs least; null when none is near.</summary>
    public static string? Nearest(string typed, IEnumerable<string> known) =>
        known.Select(word => (Word: word, Distance: Distance(typed, word)))
            // A short word has little in common with what differs in most of its letters.
            .Where(near => near.Distance <= Most && near.Distance < Math.Max(near.Word.Length, 2))
            .OrderBy(near => near.Distance).Select(near => near.Word).FirstOrDefault();

    /// <summary>How many letters differ (Levenshtein), without case.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var substitute = diagonal + (char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substitute, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
