using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using IdP.Benchmarks.Rows;

namespace IdP.Benchmarks;

/// <summary>The table, for people or for programs.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Table(string title, IReadOnlyList<string> worlds, IReadOnlyList<Line> lines)
    {
        List<string> head = ["operation", "", "floor"];
        for (var i = 0; i < worlds.Count; i++)
            head.AddRange(i == 0 ? [worlds[i], "× floor", "target", ""] : [worlds[i], "× first", "", "its servers"]);
        List<List<string>> rows = [head];
        foreach (var line in lines.Where(l => l.Fault is null))
            rows.Add(Cells(line, worlds.Count));

        var widths = Enumerable.Range(0, head.Count).Select(c => rows.Max(r => r[c].Length)).ToArray();
        var text = new StringBuilder(title).AppendLine().AppendLine();
        for (var r = 0; r < rows.Count; r++)
        {
            text.AppendLine("| " + string.Join(" | ", rows[r].Select((cell, c) => IsText(head[c]) ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))) + " |");
            if (r == 0)
                text.AppendLine("|" + string.Join('|', widths.Select((w, c) => new string('-', w + 1) + (IsText(head[c]) ? "-" : ":"))) + "|");
        }
        foreach (var line in lines.Where(l => l.Fault is not null))
            text.AppendLine().Append("could not run: ").Append(line.Name).Append(": ").AppendLine(line.Fault);
        return text.ToString();
    }

    public static string Json(string title, IReadOnlyList<string> worlds, IReadOnlyList<Line> lines) => JsonSerializer.Serialize(new
    {
        title,
        lines = lines.Select(line => new
        {
            operation = line.Name,
            unit = line.Unit,
            floor = line.Floor,
            target = line.Limit?.Text,
            fault = line.Fault,
            measured = line.Measured.Select((value, i) => new { stores = worlds[i], value, ratio = line.Ratio(i), keeps = line.Keeps(i), storeMicroseconds = line.StoreMicroseconds?[i] }),
        }),
    }, Indented);

    private static List<string> Cells(Line line, int worlds)
    {
        List<string> cells = [line.Name, line.Unit, Figure(line.Floor)];
        for (var i = 0; i < worlds; i++)
        {
            cells.AddRange([Figure(line.Measured[i]), line.Ratio(i) is { } ratio ? ratio.ToString("0.00", CultureInfo.InvariantCulture) : ""]);
            cells.AddRange(i == 0 ? [line.Limit?.Text ?? "", Verdict(line, i)] : [Verdict(line, i), Figure(line.StoreMicroseconds?[i])]);
        }
        return cells;
    }

    private static string Verdict(Line line, int world) => line.Keeps(world) switch { true => "ok", false => "over", null => "" };

    private static string Figure(double? value) => value?.ToString(value < 100 ? "0.0" : "0", CultureInfo.InvariantCulture) ?? "";

    private static bool IsText(string head) => head is "operation" or "" or "target";
}
