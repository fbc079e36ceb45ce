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
/// old one too: whoever took the account over cannot take the warning away.
/// </summary>
/// <param name="services">Factors know their bindings, which know those who watch them: what a factor is called is asked when it is needed.</param>
internal sealed class Notices(Outbox outbox, Mails mails, OneTimeLinks links, IdpOptions options, IServiceProvider services) : IAccountWatcher
{
    public const string Purpose = "not-me";
    public static readonly TimeSpan LinkLife = TimeSpan.FromHours(72);

    public async Task OnChangeAsync(Lane lane, AccountChange change, CancellationToken cancel)
    {
        if (change.By.SettingUp || !outbox.Available || await Users.ReadAsync(lane, change.UserId, cancel) is not { } person)
            return;
        var seen = new Circumstances(null, change.By.UserAgent, change.By.Address, CultureInfo.CurrentUICulture.Name);
        foreach (var address in new[] { person.Email, change.OldEmail }.OfType<string>().Distinct())
        {
            if (MailTo.Person(person, seen, address) is not { } to)
                continue;
            var (kind, detail) = What(change, person, to.Language);
            // Who has said "not me" is on the way already; the address that an attacker set gets no way to undo the owner's.
            var link = change.Kind == AccountChangeKind.Disowned || (change.OldEmail is not null && address != change.OldEmail) ? null : await LinkAsync(lane, change, cancel);
            await outbox.AddAsync(lane, mails.Notice(to, kind, detail, person.UserName, seen, link, LinkLife), cancel);
        }
    }

    private async Task<string> LinkAsync(Lane lane, AccountChange change, CancellationToken cancel)
    {
        var undo = new Undo(change.Kind, change.BindingId, change.OldEmail);
        var token = await links.MakeAsync(lane, Purpose, change.UserId, JsonSerializer.SerializeToUtf8Bytes(undo, UndoJson.Default.Undo), LinkLife, cancel);
        return $"{options.Issuer}/not-me?token={token}";
    }

    private (NoticeKind Kind, string? Detail) What(AccountChange change, UserRecord person, string language)
    {
        var factor = change.Factor is { } id ? services.GetRequiredService<SecondFactors>().Find(id)?.Info : null;
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

/// <summary>What "this was not me" can take back.</summary>
internal sealed record Undo(AccountChangeKind Kind, string? BindingId, string? OldEmail);

[JsonSerializable(typeof(Undo))]
internal sealed partial class UndoJson : JsonSerializerContext;
