using System.Text.Json;
using System.Text.Json.Serialization;
using IdP.Server.Accounts;
using IdP.Server.Hosting;
using IdP.Server.Mail;
using IdP.Server.Storage;
using IdP.Server.StepUp;

namespace IdP.Server.Factors.BackupEmail;

/// <summary>Binding a backup address (J-22): it is bound once a code that went there comes back.</summary>
internal sealed class BackupEmailEnrolment(Users users, MailedCodes codes, Mails mails, IdpOptions options, TimeProvider clock) : IEnrolment
{
    public static readonly FactorKind BackupEmail = new(BackupEmailFactor.Id, BackupEmailTexts.Table);

    public FactorKind Kind => BackupEmail;

    public bool Available => codes.CanBeSent;

    public EnrolmentQuestion Question { get; } = new("email", "email", 254);

    public async Task<Offered> OfferAsync(EnrolmentFor whom, string? said, CancellationToken cancel)
    {
        if (BackupAddress.Parse(said) is not { } address)
            return new Offered.Refused("NotAnAddress");
        // Whoever holds the password of such a mailbox would hold its second factor as well.
        if (address.IsAt(options.Mail.OwnDomains))
            return new Offered.Refused("OwnDomain");
        if (await users.FindAsync(whom.UserId, cancel) is not { } person || address.IsMailboxOf(person.Email))
            return new Offered.Refused("OwnAddress");

        var seen = whom.Circumstances ?? Circumstances.Unknown;
        if (MailTo.Person(person, seen, address.Value) is not { } to)
            return new Offered.Refused("NotAnAddress");
        var nonce = Handles.NewId();
        var mailing = await codes.SendAsync(
            whom.UserId, nonce, signIn: false, code => mails.AddressCode(to, code, MailedCodes.Life, seen, whom.AccountName), cancel);
        if (mailing is not CodeMailing.Out sent)
            return new Offered.Refused(BackupEmailFactor.Reason(mailing));
        var memo = new AddressMemo(address.Value, nonce, sent.Check, clock.GetUtcNow() + MailedCodes.Life);
        return new Offered.Made(BackupEmailFactor.PromptFor(sent, address.Value), JsonSerializer.SerializeToUtf8Bytes(memo, BackupEmailJson.Default.AddressMemo), new Dictionary<string, string>());
    }

    public Task<NewBinding?> ConfirmAsync(EnrolmentOffer offer, Answer answer, CancellationToken cancel)
    {
        var memo = JsonSerializer.Deserialize(offer.Memo, BackupEmailJson.Default.AddressMemo)!;
        var right = answer is Answer.Code { Value: var typed } && memo.Until > clock.GetUtcNow() && codes.IsRight(memo.Check, memo.Nonce, typed);
        var address = new BackupAddress(memo.Address);
        return Task.FromResult(right ? new NewBinding(Kind.Id, address.Masked, address.ToBytes()) { Mailbox = address.Value, Amr = BackupEmailFactor.Amr } : null);
    }

    public string AddressOf(FactorBinding binding) => BackupAddress.From(binding).Value;
}

internal sealed record AddressMemo(string Address, string Nonce, byte[] Check, DateTimeOffset Until);

[JsonSerializable(typeof(AddressMemo))]
internal sealed partial class BackupEmailJson : JsonSerializerContext;
