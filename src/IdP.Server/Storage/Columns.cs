using System.Data.Common;
using System.Text;

namespace IdP.Server.Storage;

/// <summary>How both databases keep what C# calls otherwise.</summary>
internal static class Columns
{
    public static DateTimeOffset Time(this DbDataReader row, int column) => DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));

    public static DateTimeOffset? TimeOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.Time(column);

    public static string? TextOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static byte[] Bytes(this DbDataReader row, int column) => row.GetFieldValue<byte[]>(column);

    public static byte[]? BytesOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.Bytes(column);

    /// <summary>What a stranger's header says, at most so many UTF-16 units of it. NUL and broken Unicode, which PostgreSQL refuses, become U+FFFD.</summary>
    public static string? Storable(this string? sent, int longest)
    {
        if (sent is null)
            return null;
        var kept = new StringBuilder(Math.Min(sent.Length, longest));
        foreach (var rune in sent.EnumerateRunes())
        {
            if (kept.Length + rune.Utf16SequenceLength > longest)
                break;
            kept.Append(rune.Value == 0 ? Rune.ReplacementChar.ToString() : rune.ToString());
        }

        return kept.ToString();
    }

    public static long Stored(this DateTimeOffset time) => time.ToUnixTimeMilliseconds();
}
