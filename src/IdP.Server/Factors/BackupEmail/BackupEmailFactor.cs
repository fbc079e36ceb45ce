using IdP.Server.Accounts;
using IdP.Server.Mail;
using IdP.Server.StepUp;

namespace IdP.Server.Factors.BackupEmail;

/// <summary>A code by mail to an address outside this mail system (J-06). Good for one question, put to one browser.</summary>
internal sealed class BackupEmailFactor(FactorBindings bindings, Users users, MailedCodes codes, Mails mails) : ISecondFactor
{
    public const string Id = "email";

    /// <summary>RFC 8176: a one-time password, over another channel.</summary>
    public static readonly string[] Amr = ["otp", "mca"];

    public FactorInfo Info { get; } = new(BackupEmailEnrolment.BackupEmail, MailedCodes.Life, Sending: Sending.Code);

    public async Task<Started> ChallengeAsync(NewChallenge challenge, CancellationToken cancel)
    {
        if (await FindAsync(challenge.UserId, cancel) is not { } binding || await users.FindAsync(challenge.UserId, cancel) is not { } person)
            return new Started.CannotAsk("NotBound");
        var address = BackupAddress.From(binding);
        // However it came to be: who reads the one mailbox must not hold both halves.
        if (address.IsMailboxOf(person.Email))
            return new Started.CannotAsk("OwnMailbox");
        if (MailTo.Person(person, challenge.Circumstances, address.Value) is not { } to)
            return new Started.CannotAsk("MailRefused");
        var mailing = await codes.SendAsync(
            challenge.UserId, BoundTo(challenge.Id, binding), challenge.IsSignIn, code => mails.Code(to, code, MailedCodes.Life, challenge.Circumstances), cancel);
        return mailing is CodeMailing.Out sent
            ? new Started.Asked(PromptFor(sent, address.Masked), sent.Check)
            : new Started.CannotAsk(Reason(mailing), (mailing as CodeMailing.TooMany)?.FreeAt);
    }

    public async Task<Preview> PreviewAsync(string userId, bool signIn, CancellationToken cancel)
    {
        if (await FindAsync(userId, cancel) is not { } binding)
            return new Preview(null, "NotBound");
        var address = BackupAddress.From(binding);
        return await codes.PreviewAsync(userId, address.Value, signIn, cancel) is { } cannot
            ? new Preview(address.Masked, Reason(cannot), (cannot as CodeMailing.TooMany)?.FreeAt)
            : new Preview(address.Masked);
    }

    public async Task<Verdict> VerifyAsync(Challenge challenge, Answer answer, CancellationToken cancel)
    {
        // A code that went to an address that was taken away meanwhile is worth nothing.
        if (answer is not Answer.Code { Value: var typed } || await FindAsync(challenge.UserId, cancel) is not { } binding
            || await users.FindAsync(challenge.UserId, cancel) is not { } person || BackupAddress.From(binding).IsMailboxOf(person.Email)
            || !codes.IsRight(challenge.Memo, BoundTo(challenge.Id, binding), typed))
            return new Verdict.Wrong();
        if (!await codes.UseAsync(challenge.Id, challenge.ExpiresAt, cancel))
            return new Verdict.AlreadyUsed();
        await bindings.TouchAsync(binding.Id, cancel);
        return new Verdict.Passed(binding.Id, Amr);
    }

    /// <param name="place">Masked, but for somebody who has just typed the address.</param>
    public static Prompt PromptFor(CodeMailing.Out sent, string place) =>
        new Prompt.EnterCode(MailedCodes.Digits, place, sent.AgainAt, Notice: sent.Slow ? "MailSlow" : null);

    /// <summary>Key of the words for why no code was sent.</summary>
    public static string Reason(CodeMailing mailing) => mailing switch
    {
        CodeMailing.TooMany { Today: true } => "TooManyToday",
        CodeMailing.TooMany => "TooMany",
        CodeMailing.Refused => "MailRefused",
        _ => "MailDown",
    };

    private static string BoundTo(string challengeId, FactorBinding binding) => $"{challengeId} {binding.Id}";

    private async Task<FactorBinding?> FindAsync(string userId, CancellationToken cancel) =>
        (await bindings.ListAsync(userId, cancel)).LastOrDefault(binding => binding.Factor == Id);
}
