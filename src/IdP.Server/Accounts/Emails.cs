using System.Globalization;

namespace IdP.Server.Accounts;

/// <summary>RFC 5321 §4.1.2 as far as real addresses go: one at sign, a dotted or single-word domain, nothing that could break a mail header.</summary>
internal static class Emails
{
    private static readonly IdnMapping Idn = new();

    public static string? Fault(string address)
    {
        var at = address.LastIndexOf('@');
        return address.Length > 254 || at is < 1 or > 64 || at == address.Length - 1
            || address.AsSpan(0, at).Contains('@')
            || address.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c is '<' or '>' or '(' or ')' or ',' or ';' or ':' or '"' or '\\')
            || WithPlainDots(address)[(at + 1)..] is var domain && (domain.StartsWith('.') || domain.EndsWith('.') || domain.Contains("..", StringComparison.Ordinal))
            ? $"'{new string([.. address.Take(80).Select(c => char.IsControl(c) ? '?' : c)])}' is not an e-mail address" : null;
    }

    /// <summary>RFC 3490 §3.1: what is as good as a full stop in a domain becomes one.</summary>
    public static string WithPlainDots(string address)
    {
        var at = address.LastIndexOf('@');
        return address[..(at + 1)] + address[(at + 1)..].Replace('\u3002', '.').Replace('\uFF0E', '.').Replace('\uFF61', '.');
    }

    /// <summary>
    /// Whether mail to both ends in one mailbox, as far as spelling tells: case, the spelling of the domain and a tag behind '+' (RFC 5233 §1) make no difference.
    /// </summary>
    public static bool SameMailbox(string? one, string? other) => MailboxOf(one) is { } mine && mine == MailboxOf(other);

    /// <summary>At one of these domains, or below it, in whatever spelling.</summary>
    public static bool IsAt(string address, IEnumerable<string> domains) =>
        AsciiDomain(WithPlainDots(address)[(address.LastIndexOf('@') + 1)..]) is { } mine
        && domains.Select(AsciiDomain).OfType<string>().Any(domain => mine == domain || mine.EndsWith("." + domain, StringComparison.Ordinal));

    /// <summary>The domain in ASCII and lower case; null when it is none.</summary>
    public static string? AsciiDomain(string domain)
    {
        try
        {
            // A dot at the end names the same domain.
            return Idn.GetAscii(domain).ToLowerInvariant().TrimEnd('.');
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>
    /// The mailbox behind an address, as far as spelling tells: in lower case, without a tag behind '+', the domain in ASCII. To compare and count by, never to
    /// send to; null when it is no address.
    /// </summary>
    public static string? MailboxOf(string? address)
    {
        if (UserNames.Normalize(address) is not { } plain || WithPlainDots(plain) is var spelt && spelt.LastIndexOf('@') is var at && at < 1)
            return null;
        var tag = spelt.IndexOf('+', StringComparison.Ordinal);
        return spelt[..(tag > 0 && tag < at ? tag : at)] + "@" + (AsciiDomain(spelt[(at + 1)..]) ?? spelt[(at + 1)..]);
    }

    /// <summary>Enough for its owner to know it by: "a***@e***.com". Which mailbox to look into, not where to write to.</summary>
    public static string Masked(string address)
    {
        var at = address.LastIndexOf('@');
        var dot = address.LastIndexOf('.');
        return at < 1 || dot < at ? "***" : $"{First(address)}***@{First(address[(at + 1)..])}***{address[dot..]}";

        static string First(string text) => System.Globalization.StringInfo.GetNextTextElement(text);
    }
}
