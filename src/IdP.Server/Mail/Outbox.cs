using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using IdP.Server.Accounts;
using IdP.Server.Hosting;
using IdP.Server.Storage;

namespace IdP.Server.Mail;

/// <summary>What somebody who waits for a mail is told.</summary>
internal enum MailOutcome
{
    Sent,
    /// <summary>The mail server has not answered yet. The attempt goes on by itself.</summary>
    Slow,
    /// <summary>The mail server is away, or says "later"; the attempt is over, others follow unless the mail is withdrawn.</summary>
    Delayed,
    /// <summary>It will not have this mail, ever.</summary>
    Refused,
}

/// <summary>
/// Mails on their way. A mail is written in the transaction of what it tells of, so that there is both or neither. Whoever sends it claims it by one conditional write
/// that must win, over all nodes; the claim holds it for a lease longer than any attempt lasts. A crash between sending and noting so sends it once more
/// after the lease, under the same Message-ID: twice is better than never. Content is sealed, and dropped soon after.
/// </summary>
internal sealed class Outbox(Database database, SecretProtector protector, IMailTransport transport, IdpOptions options, TimeProvider clock, ILogger<Outbox> log) : IDisposable
{
    private const string Purpose = "outbox";
    private const int MostAttempts = 16;
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(2);
    /// <summary>Somebody waits and sends at once; if not (a crash), the sender takes over after this.</summary>
    private static readonly TimeSpan Held = TimeSpan.FromSeconds(10);
    private static readonly DateTimeOffset Never = DateTimeOffset.UnixEpoch.AddYears(1000);

    private readonly CancellationTokenSource stopping = new();

    /// <summary>False: this server cannot send mail, and what needs it is not to be offered.</summary>
    public bool Available => transport.Available;

    /// <summary>In the caller's transaction. The mail's id.</summary>
    /// <exception cref="ArgumentException">The address is none. Whoever took it in had to check it (<see cref="Emails"/>).</exception>
    public async Task<long> AddAsync(Lane lane, MailDraft draft, CancellationToken cancel)
    {
        if (Emails.Fault(draft.To.Address) is { } fault)
            throw new ArgumentException(fault, nameof(draft));
        if (draft.Subject.Any(char.IsControl))
            throw new ArgumentException("A subject is one line.", nameof(draft));
        var now = clock.GetUtcNow();
        var content = JsonSerializer.SerializeToUtf8Bytes(new MailContent(draft.To.Language, draft.Subject, draft.Text, draft.Html), MailJson.Default.MailContent);
        return await lane.FirstAsync("""
            insert into outbox (user_id, kind, recipient, mailbox, sealed, created_at, expires_at, attempts, next_attempt_at)
            values (@user, @kind, @recipient, @mailbox, @sealed, @now, @expires, 0, @next) returning id
            """, row => row.GetInt64(0), cancel, ("@user", draft.To.UserId), ("@kind", draft.Kind.Counted), ("@recipient", draft.To.Address),
            ("@mailbox", CodeLimits.MailboxOf(draft.To.Address)),
            // Sealed for this recipient: content cannot be sent to another by moving it.
            ("@sealed", protector.Seal(Purpose, content, draft.To.Address)), ("@now", now.Stored()), ("@expires", (now + draft.Life)?.Stored()),
            ("@next", (draft.Awaited ? now + Held : now).Stored()));
    }

    /// <summary>A mail by itself, not part of a change.</summary>
    public Task<long> AddAsync(MailDraft draft, CancellationToken cancel) => database.TransactAsync(lane => AddAsync(lane, draft, cancel), cancel);

    /// <summary>
    /// One attempt for somebody who waits, and an answer within the limit whatever the mail server does. An attempt that takes longer goes on without them:
    /// breaking it off could send the mail twice.
    /// </summary>
    public async Task<MailOutcome> SendNowAsync(long id, TimeSpan limit, CancellationToken cancel)
    {
        if (!Available)
            return MailOutcome.Delayed;
        var attempt = Task.Run(() => AttemptAsync(id, seen: 0, due: Never, stopping.Token), CancellationToken.None);
        return await Task.WhenAny(attempt, Task.Delay(limit, clock, cancel)) == attempt ? await attempt : MailOutcome.Slow;
    }

    /// <summary>Nobody wants it any more: it is not tried again. What is under way is not called back.</summary>
    public Task WithdrawAsync(long id, CancellationToken cancel) => FailAsync(id, "withdrawn", cancel);

    /// <summary>Attempts what is due; the number of mails it had to do with.</summary>
    public async Task<int> SendDueAsync(CancellationToken cancel)
    {
        var due = await database.ListAsync("select id, attempts from outbox where sent_at is null and next_attempt_at <= @now and failed_at is null order by next_attempt_at limit 32",
            row => (Id: row.GetInt64(0), Attempts: row.GetInt32(1)), cancel, ("@now", clock.GetUtcNow().Stored()));
        await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancel },
            async (mail, stop) => await AttemptAsync(mail.Id, mail.Attempts, clock.GetUtcNow(), stop));
        return due.Count;
    }

    /// <summary>When mails of a kind were written for this person since then, oldest first, and whether they failed; in the caller's transaction.</summary>
    public static Task<List<(DateTimeOffset At, bool Failed)>> WrittenAsync(Lane lane, string userId, MailKind kind, DateTimeOffset since, CancellationToken cancel) =>
        lane.ListAsync("select created_at, failed_at from outbox where user_id = @user and kind = @kind and created_at > @since order by created_at",
            row => (row.Time(0), !row.IsDBNull(1)), cancel, ("@user", userId), ("@kind", kind.Counted), ("@since", since.Stored()));

    /// <summary>The newest first; for the demo's mailbox and for tests. Words are null once they are dropped.</summary>
    public Task<List<KeptMail>> NewestAsync(int most, CancellationToken cancel) => database.ListAsync(
        "select id, kind, recipient, sealed, created_at, sent_at, failed_at, last_error, attempts from outbox order by id desc limit @most",
        row => new KeptMail(row.GetInt64(0), row.GetString(1), row.GetString(2), row.BytesOrNull(3) is { } kept ? Open(kept, row.GetString(2)) : null,
            row.Time(4), row.TimeOrNull(5), row.TimeOrNull(6), row.TextOrNull(7), row.GetInt32(8)), cancel, ("@most", most));

    /// <summary>Attempts under way end soon; their mails are tried again after the lease.</summary>
    public void Stop() => stopping.Cancel();

    public void Dispose() => stopping.Dispose();

    private async Task<MailOutcome> AttemptAsync(long id, int seen, DateTimeOffset due, CancellationToken cancel)
    {
        try
        {
            return await ClaimAsync(id, seen, due, cancel) is { } claimed ? await SendAsync(claimed, cancel) : MailOutcome.Slow;
        }
        catch (StoreUnavailableException)
        {
            // Before the claim nothing happened; after it the lease runs out.
            return MailOutcome.Delayed;
        }
        catch (OperationCanceledException)
        {
            return MailOutcome.Delayed;
        }
    }

    // The one write that must win: it holds for whoever changed the row from what was seen, on whatever node.
    private Task<Claimed?> ClaimAsync(long id, int seen, DateTimeOffset due, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        return database.TransactAsync(lane => lane.FirstAsync("""
            update outbox set attempts = attempts + 1, next_attempt_at = @lease
            where id = @id and attempts = @seen and next_attempt_at <= @due and sent_at is null and failed_at is null
            returning recipient, sealed, created_at, expires_at, kind
            """, row => new Claimed(id, seen + 1, row.GetString(0), row.BytesOrNull(1), row.Time(2), row.TimeOrNull(3), row.GetString(4)), cancel,
            ("@id", id), ("@seen", seen), ("@lease", (now + Lease).Stored()), ("@due", due.Stored())), cancel);
    }

    private async Task<MailOutcome> SendAsync(Claimed mail, CancellationToken cancel)
    {
        if (mail.ExpiresAt is { } end && end <= clock.GetUtcNow())
        {
            await FailAsync(mail.Id, "expired", CancellationToken.None);
            return MailOutcome.Refused;
        }

        if (mail.Sealed is null || Open(mail.Sealed, mail.Recipient) is not { } words)
        {
            await FailAsync(mail.Id, "its words cannot be opened: was the master key changed?", CancellationToken.None);
            return MailOutcome.Refused;
        }

        var delivery = await transport.DeliverAsync(new(MessageId(mail.Id), mail.CreatedAt, mail.Recipient, words.Language, words.Subject, words.Text, words.Html), cancel);
        // Noted whether or not anybody still waits: the mail is out.
        switch (delivery)
        {
            case Delivery.Sent:
                await database.ExecuteAsync("update outbox set sent_at = @now, last_error = null where id = @id", CancellationToken.None, ("@id", mail.Id), ("@now", clock.GetUtcNow().Stored()));
                return MailOutcome.Sent;
            case Delivery.Refused refused:
                log.LogWarning("Mail {Id} ({Kind}) was refused by the mail server: {Reason}", mail.Id, mail.Kind, refused.Reason);
                await FailAsync(mail.Id, refused.Reason, CancellationToken.None);
                return MailOutcome.Refused;
            default:
                await PutOffAsync(mail, ((Delivery.Later)delivery).Reason);
                return MailOutcome.Delayed;
        }
    }

    private async Task PutOffAsync(Claimed mail, string reason)
    {
        log.LogWarning("Mail {Id} ({Kind}) could not be sent, attempt {Attempt}: {Reason}", mail.Id, mail.Kind, mail.Attempt, reason);
        var next = clock.GetUtcNow() + Pause(mail.Attempt);
        if (mail.Attempt >= MostAttempts || next > (mail.ExpiresAt ?? mail.CreatedAt + LongestWait))
            await FailAsync(mail.Id, reason, CancellationToken.None);
        else
            await database.ExecuteAsync("update outbox set next_attempt_at = @next, last_error = @reason where id = @id and attempts = @attempt and sent_at is null and failed_at is null",
                CancellationToken.None, ("@id", mail.Id), ("@attempt", mail.Attempt), ("@next", next.Stored()), ("@reason", reason));
    }

    // Out of the way of the sender's index as well.
    private Task FailAsync(long id, string reason, CancellationToken cancel) => database.ExecuteAsync(
        "update outbox set failed_at = @now, next_attempt_at = @never, last_error = @reason where id = @id and sent_at is null and failed_at is null",
        cancel, ("@id", id), ("@now", clock.GetUtcNow().Stored()), ("@never", Never.Stored()), ("@reason", reason));

    // 15 s, 30 s, 1 min, ... 4 h.
    private static TimeSpan Pause(int attempt) => TimeSpan.FromSeconds(Math.Min(15 * Math.Pow(2, attempt - 1), 4 * 3600));

    private TimeSpan Lease => options.Mail.Timeout + TimeSpan.FromSeconds(30);

    // Stable, and does not count our mails for whoever reads two of them.
    private string MessageId(long id)
    {
        var tag = System.Security.Cryptography.HMACSHA256.HashData(protector.KeyFor("message-id"), BitConverter.GetBytes(id));
        return $"{Convert.ToHexStringLower(tag.AsSpan(0, 16))}@{options.Mail.From[(options.Mail.From.LastIndexOf('@') + 1)..]}";
    }

    private MailContent? Open(byte[] kept, string recipient)
    {
        try
        {
            return JsonSerializer.Deserialize(protector.Open(Purpose, kept, recipient), MailJson.Default.MailContent);
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            return null;
        }
    }

    private sealed record Claimed(long Id, int Attempt, string Recipient, byte[]? Sealed, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, string Kind);
}

/// <summary>A mail's words, sealed at rest.</summary>
internal sealed record MailContent(string Language, string Subject, string Text, string Html)
{
    /// <summary>Records print their members; this one must not (I-7).</summary>
    public override string ToString() => Language;
}

/// <summary>A mail as the outbox has it.</summary>
internal sealed record KeptMail(
    long Id, string Kind, string Recipient, MailContent? Words, DateTimeOffset CreatedAt, DateTimeOffset? SentAt, DateTimeOffset? FailedAt, string? LastError, int Attempts);

[JsonSerializable(typeof(MailContent))]
internal sealed partial class MailJson : JsonSerializerContext;
