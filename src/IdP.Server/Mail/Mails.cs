using System.Globalization;
using System.Text.Json;
using IdP.Server.Accounts;
using IdP.Server.Hosting;

namespace IdP.Server.Mail;

/// <summary>To whom, and how they are spoken to.</summary>
/// <param name="UserId">Whose account it is about: limits count by it.</param>
/// <param name="Language">One of <see cref="Languages"/>.</param>
/// <param name="Zone">Whose clock the mail tells the time by.</param>
internal sealed record MailTo(string? UserId, string Address, string Language, TimeZoneInfo Zone)
{
    /// <summary>The person's own language, else that of the request, else English.</summary>
    /// <param name="address">Where, when it is not the account's own address.</param>
    /// <returns>Null when there is no address to write to.</returns>
    public static MailTo? Person(UserRecord person, Circumstances seen, string? address = null) =>
        (address ?? person.Email) is { } to && Emails.Fault(to) is null
            ? new(person.Id, to, Languages.FirstKnown(person.Locale, seen.Language) ?? Languages.English, ZoneOf(person))
            : null;

    // OpenID Connect Core §5.1 "zoneinfo"; without it the time is told as UTC.
    private static TimeZoneInfo ZoneOf(UserRecord person) =>
        person.Claims.TryGetValue("zoneinfo", out var zone) && zone.ValueKind == JsonValueKind.String && TimeZoneInfo.TryFindSystemTimeZoneById(zone.GetString()!, out var found) ? found : TimeZoneInfo.Utc;
}

/// <summary>A mail in words, not yet in the outbox.</summary>
/// <param name="Life">How long it is worth anything; null: as long as attempts are made.</param>
/// <param name="Awaited">Somebody waits for it: <see cref="Outbox.SendNowAsync"/> follows at once.</param>
internal sealed record MailDraft(MailTo To, MailKind Kind, string Subject, string Text, string Html, TimeSpan? Life = null, bool Awaited = false)
{
    /// <summary>Records print their members; this one must not (I-7).</summary>
    public override string ToString() => Kind.Name;
}

/// <summary>What the owner of an account is told of. Each has its own sentence.</summary>
internal enum NoticeKind
{
    /// <summary>Detail: the factor's name.</summary>
    FactorBound,
    FactorUnbound,
    FactorRebound,
    PasswordChanged,
    /// <summary>Detail: the new address, masked.</summary>
    EmailChanged,
    RecoveryCodesMade,
    /// <summary>Somebody signed in from a browser not seen before. Detail: the app.</summary>
    NewDevice,
    /// <summary>A trusted device's old secret was shown again: somebody has a copy.</summary>
    DeviceStolen,
    AccountDisabled,
    /// <summary>"This was not me" was followed.</summary>
    Disowned,
}

/// <summary>Makes the mails this server sends; whoever calls puts them into the <see cref="Outbox"/>.</summary>
internal sealed class Mails(IdpOptions options, MailTemplates templates, Places places, TimeProvider clock)
{
    /// <summary>A code to prove a second step with, to a backup address.</summary>
    public MailDraft Code(MailTo to, string code, TimeSpan life, Circumstances seen) =>
        Code(to, code, life, seen, () => seen.App is { } app ? MailTexts.SignInTo(app) : MailTexts.ConfirmChange, () => MailTexts.ChangePassword);

    /// <summary>A code that proves an address, before it is bound. Who gets it may be a stranger to us.</summary>
    public MailDraft AddressCode(MailTo to, string code, TimeSpan life, Circumstances seen, string account) =>
        Code(to, code, life, seen with { App = null }, () => MailTexts.ConfirmAddress(account), () => MailTexts.IgnoreThis);

    /// <summary>Something happened to the account.</summary>
    /// <param name="detail">What <see cref="NoticeKind"/> says; in the language of <paramref name="to"/>.</param>
    /// <param name="notMe">Link for "this was not me"; null leaves that part out.</param>
    public MailDraft Notice(MailTo to, NoticeKind kind, string? detail, string account, Circumstances seen, string? notMe, TimeSpan linkLife) => Make(to, kind == NoticeKind.NewDevice ? MailKind.NewBrowser : MailKind.Notice, seen, new()
    {
        ["Event"] = Languages.Speaking(to.Language, () => MailTexts.Event(kind, detail)),
        ["Account"] = account,
        ["Link"] = notMe ?? "",
        ["Hours"] = notMe is null ? "" : Number(linkLife.TotalHours),
    });

    /// <summary>A link to set a new password.</summary>
    public MailDraft Reset(MailTo to, string link, TimeSpan life, string account, Circumstances seen) => Make(to, MailKind.Reset, seen, new()
    {
        ["Account"] = account,
        ["Link"] = link,
        ["Minutes"] = Number(life.TotalMinutes),
    }) with { Life = life };

    /// <summary>An operator wants to see that mail works.</summary>
    public MailDraft Test(MailTo to) => Make(to, MailKind.Test, Circumstances.Unknown, []);

    private MailDraft Code(MailTo to, string code, TimeSpan life, Circumstances seen, Func<string> purpose, Func<string> advice) => Make(to, MailKind.Code, seen, new()
    {
        ["Code"] = code,
        ["Minutes"] = Number(life.TotalMinutes),
        ["Purpose"] = Languages.Speaking(to.Language, purpose),
        ["Advice"] = Languages.Speaking(to.Language, advice),
    }) with { Life = life, Awaited = true };

    private MailDraft Make(MailTo to, MailKind kind, Circumstances seen, Dictionary<string, string> values)
    {
        values["Brand"] = options.Brand.Name;
        values["App"] = seen.App ?? "";
        values["Browser"] = seen.UserAgent is null ? "" : Languages.Speaking(to.Language, () => BrowserName.Of(seen.UserAgent).ToString());
        values["Place"] = Languages.Speaking(to.Language, () => places.Describe(seen.Address)) ?? "";
        values["Time"] = TimeFor(to);
        var template = templates.Of(kind, to.Language);
        string Value(string place) => OneLine(values.GetValueOrDefault(place, ""));
        var text = MailText.Fill(template.Text, Value);
        var html = template.Html is { } own
            ? MailTemplates.Fill(own, place => MailHtml.Encode(Value(place)))
            : MailHtml.Page(template.Text, Value, MailTexts.Button(kind, to.Language), to.Language, options.Brand);
        return new(to, kind, OneLine(MailTemplates.Fill(template.Subject, Value)), text, html);
    }

    private string TimeFor(MailTo to)
    {
        var there = TimeZoneInfo.ConvertTime(clock.GetUtcNow(), to.Zone);
        var zone = there.Offset == TimeSpan.Zero ? "UTC" : string.Create(CultureInfo.InvariantCulture, $"UTC{(there.Offset < TimeSpan.Zero ? '-' : '+')}{there.Offset:hh\\:mm}");
        return string.Create(CultureInfo.InvariantCulture, $"{there:yyyy-MM-dd HH:mm} {zone}");
    }

    private static string Number(double value) => Math.Round(value).ToString(CultureInfo.InvariantCulture);

    // A value never begins a line of its own, in a header least of all.
    private static string OneLine(string value) => new([.. value.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c)]);
}
