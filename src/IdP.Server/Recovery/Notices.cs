using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Hosting;
using IdP.Server.Mail;
using IdP.Server.Storage;

namespace IdP.Server.Recovery;

/// <summary>
/// Tells the owner by mail of every change that matters, in the change's own transaction, with a link for "this was not me". A new address is told, and the
/// old one too, backup addresses included: whoever took the account over cannot take the warning away.
/// </summary>
/// <param name="services">Factors know their bindings, which know those who watch them: what a factor is called is asked when it is needed.</param>
internal sealed class Notices(Outbox outbox, Mails mails, OneTimeLinks links, IdpOptions options, TimeProvider clock, IServiceProvider services) : IAccountWatcher
{
    public const string Purpose = "not-me";
    private const int MostNewBrowsersADay = 5;
    public static readonly TimeSpan LinkLife = TimeSpan.FromHours(72);

    public async Task OnChangeAsync(Lane lane, AccountChange change, CancellationToken cancel)
    {
        // A first address replaces none: there is nobody to tell but whoever has just been given it. Mails to somebody who is removed go with the account.
        if (change is { Kind: AccountChangeKind.EmailChanged, OldEmail: null } or { Kind: AccountChangeKind.AccountRemoved })
            return;
        if (change.By.SettingUp || !outbox.Available || await Users.ReadAsync(lane, change.UserId, cancel) is not { } person)
            return;
        if (change.Kind == AccountChangeKind.NewBrowser
            && (await Outbox.WrittenAsync(lane, person.Id, MailKind.NewBrowser, clock.GetUtcNow().AddDays(-1), cancel)).Count >= MostNewBrowsersADay)
            return;
        var seen = new Circumstances(null, change.By.UserAgent, change.By.Address, CultureInfo.CurrentUICulture.Name);
        foreach (var (address, undoes) in Told(change, person))
        {
            if (MailTo.Person(person, seen, address) is not { } to)
                continue;
            var (kind, detail) = What(change, person, to.Language);
            await outbox.AddAsync(lane, mails.Notice(to, kind, detail, person.UserName, seen, undoes ? await LinkAsync(lane, change, cancel) : null, LinkLife), cancel);
        }
    }

    /// <summary>
    /// Who is told, and who gets the link. Never an address that somebody has just set, and never a backup address: the link leads to a new password, and a
    /// backup address is the second factor that is asked for there.
    /// </summary>
    private IEnumerable<(string Address, bool Undoes)> Told(AccountChange change, UserRecord person)
    {
        var undoes = CanBeUndone(change);
        (string? Address, bool Undoes)[] all =
        [
            (change.OldEmail?.Address, undoes), (person.Email, undoes && change.OldEmail is null), (AddressOf(change.Unbound), false), (AddressOf(change.Bound), false),
        ];
        return all.Where(one => one.Address is not null).Select(one => (one.Address!, one.Undoes)).DistinctBy(one => one.Item1);
    }

    // Who has said "not me" is on the way already. What an operator did the person undoes with the operator - but a stolen cookie was nobody's doing here.
    private static bool CanBeUndone(AccountChange change) =>
        change.Kind == AccountChangeKind.DeviceStolen || (change.Kind != AccountChangeKind.Disowned && change.InTheirName);

    private string? AddressOf(FactorBinding? binding) => binding is null ? null : services.GetRequiredService<SecondFactors>().FindKind(binding.Factor)?.AddressOf(binding);

    private async Task<string> LinkAsync(Lane lane, AccountChange change, CancellationToken cancel)
    {
        var hadFactor = change.Unbound is not null || await FactorBindings.CountAsync(lane, change.UserId, cancel, change.Bound?.Id) > 0;
        var undo = new Undo { Kind = change.Kind, At = change.At ?? clock.GetUtcNow(), HadFactor = hadFactor, OldEmail = change.OldEmail };
        var token = await links.MakeAsync(lane, Purpose, change.UserId, JsonSerializer.SerializeToUtf8Bytes(undo, UndoJson.Default.Undo), LinkLife, cancel);
        return $"{options.Issuer}/not-me?token={token}";
    }

    private (NoticeKind Kind, string? Detail) What(AccountChange change, UserRecord person, string language)
    {
        var factor = change.Factor is { } id ? services.GetRequiredService<SecondFactors>().FindKind(id)?.Kind : null;
        var name = factor is null ? change.Factor : Languages.Speaking(language, () => factor.Name);
        return change.Kind switch
        {
            AccountChangeKind.FactorBound or AccountChangeKind.FactorRebound when factor is { IsFallback: true } => (NoticeKind.RecoveryCodesMade, name),
            AccountChangeKind.FactorBound => (NoticeKind.FactorBound, name),
            AccountChangeKind.FactorRebound => (NoticeKind.FactorRebound, name),
            AccountChangeKind.FactorUnbound => (NoticeKind.FactorUnbound, name),
            AccountChangeKind.PasswordChanged => (NoticeKind.PasswordChanged, null),
            AccountChangeKind.EmailChanged => (NoticeKind.EmailChanged, person.Email is { } fresh ? Emails.Masked(fresh) : null),
            AccountChangeKind.AccountDisabled => (NoticeKind.AccountDisabled, null),
            AccountChangeKind.NewBrowser => (NoticeKind.NewDevice, options.Brand.Name),
            AccountChangeKind.DeviceStolen => (NoticeKind.DeviceStolen, null),
            _ => (NoticeKind.Disowned, null),
        };
    }
}

/// <summary>From where "this was not me" takes things back.</summary>
internal sealed record Undo
{
    public required AccountChangeKind Kind { get; init; }

    /// <summary>When the change was made: factors go back to what they were just before.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Whether any factor was bound just before.</summary>
    public required bool HadFactor { get; init; }

    public KnownEmail? OldEmail { get; init; }
}

[JsonSerializable(typeof(Undo))]
internal sealed partial class UndoJson : JsonSerializerContext;
