namespace IdP.Server.Mail;

/// <summary>A kind of mail: a template for each language, and the names that may stand in it as {{Name}}.</summary>
/// <param name="Name">As files, limits and the outbox call it.</param>
/// <param name="Needed">The placeholder without which the mail is of no use.</param>
internal sealed record MailKind(string Name, string? Needed, IReadOnlyList<string> Places)
{
    private static readonly string[] Everywhere = ["Brand", "Browser", "Place", "Time", "App"];

    /// <summary>What the outbox counts it as.</summary>
    public string Counted { get; private init; } = Name;

    /// <summary>A code to type, to a backup address.</summary>
    public static readonly MailKind Code = new("code", "Code", [.. Everywhere, "Code", "Minutes", "Purpose", "Advice"]);

    /// <summary>Something about the account has changed, or somebody signed in from a new device.</summary>
    public static readonly MailKind Notice = new("notice", "Event", [.. Everywhere, "Event", "Account", "Link", "Hours"]);

    /// <summary>The same mail, counted apart: anybody who knows the password can cause as many as they like.</summary>
    public static readonly MailKind NewBrowser = Notice with { Counted = "new-browser" };

    /// <summary>A link to set a new password.</summary>
    public static readonly MailKind Reset = new("reset", "Link", [.. Everywhere, "Account", "Link", "Minutes"]);

    /// <summary>For operators: mail works.</summary>
    public static readonly MailKind Test = new("test", null, ["Brand", "Time"]);

    public static readonly IReadOnlyList<MailKind> All = [Code, Notice, Reset, Test];
}
