using System.Text;
using System.Text.Json;

namespace IdP.Benchmarks.Http;

/// <summary>An answer, read whole. Valid until the next one on the same wire.</summary>
internal readonly ref struct Reply(int status, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
{
    public int Status { get; } = status;
    public ReadOnlySpan<byte> Body { get; } = body;
    private readonly ReadOnlySpan<byte> head = head;

    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>Refuses every status but one of these.</summary>
    public Reply Expect(params ReadOnlySpan<int> wanted) => wanted.Contains(Status)
        ? this
        : throw new BenchmarkException($"answered {Status}: {Encoding.UTF8.GetString(head.Length > 300 ? head[..300] : head)} … {(Body.Length > 400 ? Encoding.UTF8.GetString(Body[..400]) : Text)}");

    /// <summary>The first header of this name, null when there is none. Names as the server writes them, any case.</summary>
    public string? Header(string name) => Headers(name) is [var first, ..] ? first : null;

    public List<string> Headers(string name)
    {
        List<string> found = [];
        foreach (var range in head.Split("\r\n"u8))
        {
            var line = head[range];
            if (line.Length > name.Length && line[name.Length] == ':' && Ascii.EqualsIgnoreCase(line[..name.Length], name))
                found.Add(Encoding.ASCII.GetString(line[(name.Length + 1)..]).Trim());
        }
        return found;
    }

    /// <summary>A string member of the JSON body.</summary>
    public string Member(string name)
    {
        var reader = new Utf8JsonReader(Body);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals(name) && reader.Read())
                return reader.GetString() ?? "";
        }
        throw new BenchmarkException($"no '{name}' in {Text}");
    }
}
