using System.Buffers.Text;

namespace IdP.Server.Storage;

/// <summary>
/// What a stranger began, sealed in an address instead of kept here: it costs the server nothing, however much of it there is. It holds
/// only what came in an address, or could have.
/// </summary>
internal static class SealedText
{
    /// <summary>Bytes before sealing. As text they are 5,900 characters at most, and servers in front of this one take lines of 8,000.</summary>
    public const int Longest = 4400;

    private const int LongestText = 6000;

    /// <param name="key">What it is for, and the only thing that it is good for.</param>
    public static string Write(SealedStore seals, string key, byte[] value) => Base64Url.EncodeToString(seals.Seal(key, value));

    /// <summary>Null for anything that <see cref="Write"/> did not make for this key.</summary>
    public static byte[]? Read(SealedStore seals, string key, ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > LongestText || !Base64Url.IsValid(text))
            return null;
        return seals.TryOpen(key, Base64Url.DecodeFromChars(text));
    }
}
