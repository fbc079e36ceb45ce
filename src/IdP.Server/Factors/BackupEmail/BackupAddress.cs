using System.Text;
using IdP.Server.Accounts;

namespace IdP.Server.Factors.BackupEmail;

/// <summary>An address outside this mail system, as the person typed it.</summary>
internal sealed record BackupAddress(string Value)
{
    /// <summary>"a***@g***.com": enough to know which mailbox to look into, not enough to write to it.</summary>
    public string Masked => Emails.Masked(Value);

    /// <summary>Null when it is no address that a mail could reach from here.</summary>
    public static BackupAddress? Parse(string? typed)
    {
        var address = Emails.WithPlainDots(typed?.Trim() ?? "");
        return Emails.Fault(address) is null && address[(address.LastIndexOf('@') + 1)..] is var domain && domain.Contains('.', StringComparison.Ordinal)
            && Uri.CheckHostName(domain) == UriHostNameType.Dns && Emails.AsciiDomain(domain) is not null ? new(address) : null;
    }

    public static BackupAddress From(FactorBinding binding) => new(Encoding.UTF8.GetString(binding.Data));

    public byte[] ToBytes() => Encoding.UTF8.GetBytes(Value);

    /// <summary>At one of these domains, or below it, in whatever spelling.</summary>
    public bool IsAt(IEnumerable<string> domains) => Emails.IsAt(Value, domains);

    /// <summary>Tags and case aside: one mailbox is no second factor for itself.</summary>
    public bool IsMailboxOf(string? other) => Emails.SameMailbox(Value, other);
}
