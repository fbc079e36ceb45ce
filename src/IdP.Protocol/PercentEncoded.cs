using System.Buffers;

namespace IdP.Protocol;

/// <summary>How much room text takes in an address (RFC 3986 §2.1): what a limit on requests has to count, in any script.</summary>
internal static class PercentEncoded
{
    private static readonly SearchValues<char> Unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    /// <summary>Unreserved characters count one, each UTF-8 byte of the others three.</summary>
    public static int Length(ReadOnlySpan<char> text)
    {
        var length = text.Length;
        for (var at = text.IndexOfAnyExcept(Unreserved); at >= 0; at = text.IndexOfAnyExcept(Unreserved))
        {
            length += text[at] switch
            {
                < (char)0x80 => 2,
                < (char)0x800 => 5,
                // Four bytes for two UTF-16 units.
                >= (char)0xd800 and <= (char)0xdfff => 5,
                _ => 8,
            };
            text = text[(at + 1)..];
        }
        return length;
    }

    /// <summary>All names and values, with what separates them.</summary>
    public static int Length(IReadOnlyDictionary<string, string> parameters)
    {
        var length = 0;
        foreach (var (name, value) in parameters)
            length += Length(name) + Length(value) + 2;
        return length;
    }
}
