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
    internal sealed record TooMany(bool Today) : CodeMailing;
}

/// <summary>
/// Six digits by mail, good for five minutes: another after one minute, then two; at most three in ten minutes and ten a day for one person, right or wrong, over all nodes.
/// Counted in the outbox under the lock of the person's row, so that parallel requests gain nothing. Kept is an HMAC: a million codes are tried in no time
/// by whoever reads the store, but not without the master key.
/// </summary>
internal sealed class MailedCodes(Database database, UsedMarks marks, Outbox outbox, SecretProtector protector, TimeProvider clock)
{
    public const int Digits = 6;
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    private const string Purpose = "mailed-code";
    private const int MostInWindow = 3;
    private const int MostFailedInWindow = 10;
    private const int MostInDay = 10;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(1);
    /// <summary>With the rest of the request a person is answered within two seconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Whether there is a mail server at all; not whether it answers.</summary>
    public bool CanBeSent => outbox.Available;

    /// <param name="boundTo">What the code is good for, and nothing else.</param>
    public async Task<CodeMailing> SendAsync(string userId, string boundTo, Func<string, MailDraft> words, CancellationToken cancel)
    {
        if (!outbox.Available)
            return new CodeMailing.Down();
        var code = RandomNumberGenerator.GetInt32(1_000_000).ToString("D6", CultureInfo.InvariantCulture);
        var (id, againAt, today) = await database.TransactAsync(lane => AddAsync(lane, userId, words(code), cancel), cancel);
        if (id is null)
            return new CodeMailing.TooMany(today);
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

    private async Task<(long? Id, DateTimeOffset AgainAt, bool Today)> AddAsync(Lane lane, string userId, MailDraft draft, CancellationToken cancel)
    {
        // Changes nothing, and lets one request at a time count for this person, on either database.
        await lane.ExecuteAsync("update users set binding_skips = binding_skips where id = @id", cancel, ("@id", userId));
        var now = clock.GetUtcNow();
        var day = await Outbox.WrittenAsync(lane, userId, MailKind.Code, now.AddDays(-1), cancel);
        var sent = day.Where(mail => !mail.Failed).Select(mail => mail.At).ToList();
        var recent = sent.Where(at => at > now - Window).ToList();
        if (sent.Count >= MostInDay)
            return (null, default, true);
        if (recent.Count >= MostInWindow || day.Count(mail => mail.Failed && mail.At > now - Window) >= MostFailedInWindow)
            return (null, default, false);
        var again = now + FirstPause * Math.Pow(2, recent.Count);
        // The third in ten minutes is the last until the first of them is forgotten.
        if (recent.Count == MostInWindow - 1 && recent[0] + Window > again)
            again = recent[0] + Window;
        return (await outbox.AddAsync(lane, draft, cancel), again, false);
    }

    private byte[] CheckOf(string boundTo, string code) => HMACSHA256.HashData(protector.KeyFor(Purpose), Encoding.UTF8.GetBytes($"{boundTo}\0{code}"));
}
