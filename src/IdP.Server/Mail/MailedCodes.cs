using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IdP.Server.Storage;

namespace IdP.Server.Mail;

/// <summary>What came of sending somebody a code.</summary>
internal abstract record CodeMailing
{
    private CodeMailing() { }

    /// <param name="Check">Tells the right code, together with what it is bound to; not the code.</param>
    /// <param name="Slow">The mail server has not answered yet: the code may come late.</param>
    internal sealed record Out(byte[] Check, DateTimeOffset AgainAt, bool Slow) : CodeMailing;

    /// <summary>The mail server is away, or there is none.</summary>
    internal sealed record Down : CodeMailing;

    /// <summary>The mail server will not take this address.</summary>
    internal sealed record Refused : CodeMailing;

    /// <param name="Today">The day's, not the ten minutes'.</param>
    /// <param name="FreeAt">When another may be sent.</param>
    internal sealed record TooMany(bool Today, DateTimeOffset FreeAt) : CodeMailing;
}

/// <summary>
/// Six digits by mail, good for five minutes: another after one minute, then two, within <see cref="CodeLimits"/>, right or wrong, over all nodes. Counted in
/// the outbox, under locks, so that parallel requests gain nothing. Kept is an HMAC: a million codes are tried in no time by whoever reads the store, but not
/// without the master key.
/// </summary>
internal sealed class MailedCodes(Database database, UsedMarks marks, Outbox outbox, CodeLimits limits, SecretProtector protector)
{
    public const int Digits = 6;
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    private const string Purpose = "mailed-code";
    /// <summary>With the rest of the request a person is answered within two seconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Whether there is a mail server at all; not whether it answers.</summary>
    public bool CanBeSent => outbox.Available;

    /// <summary>Why no code could be sent to this address now; null when one could, as far as is known without trying.</summary>
    public async Task<CodeMailing?> PreviewAsync(string userId, string address, bool signIn, CancellationToken cancel) =>
        !outbox.Available ? new CodeMailing.Down()
        : await limits.RoomAsync(userId, CodeLimits.MailboxOf(address), signIn, cancel) is { FreeAt: { } at, Today: var today } ? new CodeMailing.TooMany(today, at)
        : null;

    /// <param name="boundTo">What the code is good for, and nothing else.</param>
    /// <param name="signIn">For a sign-in, which has a reserve; not for a change.</param>
    public async Task<CodeMailing> SendAsync(
        string userId, string boundTo, bool signIn, Func<string, MailDraft> words, CancellationToken cancel)
    {
        if (!outbox.Available)
            return new CodeMailing.Down();
        var code = RandomNumberGenerator.GetInt32(1_000_000).ToString("D6", CultureInfo.InvariantCulture);
        var (id, room) = await database.TransactAsync(lane => AddAsync(lane, userId, signIn, words(code), cancel), cancel);
        if (id is null)
            return new CodeMailing.TooMany(room.Today, room.FreeAt!.Value);
        var againAt = room.AgainAt;
        switch (await outbox.SendNowAsync(id.Value, Patience, cancel))
        {
            case MailOutcome.Sent: return new CodeMailing.Out(CheckOf(boundTo, code), againAt, Slow: false);
            case MailOutcome.Slow: return new CodeMailing.Out(CheckOf(boundTo, code), againAt, Slow: true);
            case MailOutcome.Refused: return new CodeMailing.Refused();
            default:
                // The person is sent another way now; a code that came after all would only puzzle them.
                await outbox.WithdrawAsync(id.Value, CancellationToken.None);
                return new CodeMailing.Down();
        }
    }

    /// <param name="typed">As typed; spaces are forgiven.</param>
    public bool IsRight(byte[] check, string boundTo, string typed)
    {
        if (typed.Length > 4 * Digits)
            return false;
        var plain = typed.Replace(" ", "", StringComparison.Ordinal);
        return plain.Length == Digits && plain.All(char.IsAsciiDigit) && CryptographicOperations.FixedTimeEquals(check, CheckOf(boundTo, plain));
    }

    /// <summary>True for the one caller that uses the code (I-3): durable, because the ephemeral store may forget that a question was answered.</summary>
    /// <param name="question">What was asked.</param>
    /// <param name="end">When its answer is too late.</param>
    public Task<bool> UseAsync(string question, DateTimeOffset end, CancellationToken cancel) => marks.TryAsync("mailed:" + question, end, cancel);

    private async Task<(long? Id, CodeRoom Room)> AddAsync(Lane lane, string userId, bool signIn, MailDraft draft, CancellationToken cancel)
    {
        var mailbox = CodeLimits.MailboxOf(draft.To.Address);
        await limits.HoldAsync(lane, userId, mailbox, cancel);
        var room = await limits.RoomAsync(lane, userId, mailbox, signIn, cancel);
        return room.FreeAt is null ? (await outbox.AddAsync(lane, draft, cancel), room) : (null, room);
    }

    private byte[] CheckOf(string boundTo, string code) => HMACSHA256.HashData(protector.KeyFor(Purpose), Encoding.UTF8.GetBytes($"{boundTo}\0{code}"));
}
