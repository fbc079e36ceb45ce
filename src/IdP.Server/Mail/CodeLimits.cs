using System.Buffers.Binary;
using IdP.Server.Accounts;
using IdP.Server.Storage;

namespace IdP.Server.Mail;

/// <summary>
/// How many codes are mailed: to one mailbox three in ten minutes and ten a day, over all accounts and purposes, so that nobody can add purposes up to flood
/// it. The last of them is kept for a sign-in: whoever has tried changes can still get in. One person has six in ten minutes and twenty a day, to whatever
/// mailboxes, so that an account is no means to write to many. Links to a new password are not counted here: anybody can ask for one in another's name.
/// </summary>
internal sealed class CodeLimits(Database database, TimeProvider clock)
{
    private const int MostInWindow = 3;
    private const int MostInDay = 10;
    private const int KeptForSignIn = 1;
    private const int MostOfPersonInWindow = 6;
    private const int MostOfPersonInDay = 20;
    private const int MostFailedInWindow = 10;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(1);

    private const string Written = """
        select user_id, mailbox, created_at, failed_at from outbox
        where kind = @kind and created_at > @since and (mailbox = @mailbox or user_id = @user) order by created_at
        """;

    /// <summary>What is counted by.</summary>
    public static string MailboxOf(string address) => Emails.MailboxOf(address) ?? address.Trim().ToLowerInvariant();

    /// <summary>Lets one request at a time count for this person and this mailbox, on either database and over all nodes. The person first, everywhere.</summary>
    public async Task HoldAsync(Lane lane, string userId, string mailbox, CancellationToken cancel)
    {
        // On SQLite this write alone makes everybody else wait.
        await Users.HoldAsync(lane, userId, cancel);
        if (database.IsPostgres)
        {
            await lane.ListAsync("select pg_advisory_xact_lock(@room, @mailbox)", _ => true, cancel,
                ("@room", 0x6D61696C), ("@mailbox", BinaryPrimitives.ReadInt32BigEndian(Handles.Hash(mailbox))));
        }
    }

    /// <summary>In the transaction that holds them.</summary>
    public async Task<CodeRoom> RoomAsync(Lane lane, string userId, string mailbox, bool signIn, CancellationToken cancel) =>
        Read(await lane.ListAsync(Written, Mailed, cancel, Values(userId, mailbox)), userId, mailbox, signIn);

    /// <summary>As it looks now; another may be faster.</summary>
    public async Task<CodeRoom> RoomAsync(string userId, string mailbox, bool signIn, CancellationToken cancel) =>
        Read(await database.ListAsync(Written, Mailed, cancel, Values(userId, mailbox)), userId, mailbox, signIn);

    private CodeRoom Read(List<Mail> day, string userId, string mailbox, bool signIn)
    {
        var now = clock.GetUtcNow();
        var there = day.FindAll(mail => !mail.Failed && mail.Mailbox == mailbox).ConvertAll(mail => mail.At);
        var theirs = day.FindAll(mail => !mail.Failed && mail.UserId == userId).ConvertAll(mail => mail.At);
        var failed = day.FindAll(mail => mail.Failed && mail.UserId == userId).ConvertAll(mail => mail.At);
        var kept = signIn ? 0 : KeptForSignIn;
        DateTimeOffset FreeAt(List<DateTimeOffset> sent, int most, TimeSpan span) => Free(sent, most, span, now);

        var tomorrow = Later(FreeAt(there, MostInDay - kept, Day), FreeAt(theirs, MostOfPersonInDay, Day));
        var soon = Later(FreeAt(there, MostInWindow - kept, Window), FreeAt(theirs, MostOfPersonInWindow, Window));
        soon = Later(soon, FreeAt(failed, MostFailedInWindow, Window));
        if (Later(soon, tomorrow) > now)
            return new(Later(soon, tomorrow), tomorrow > now, default);

        there.Add(now);
        var again = now + FirstPause * Math.Pow(2, there.Count(at => at > now - Window) - 1);
        again = Later(again, Later(FreeAt(there, MostInWindow - kept, Window), FreeAt(there, MostInDay - kept, Day)));
        return new(null, false, again);
    }

    // When so many of them are old enough that there is room for one more.
    private static DateTimeOffset Free(List<DateTimeOffset> sent, int most, TimeSpan span, DateTimeOffset now)
    {
        var counted = sent.FindAll(at => at > now - span);
        return counted.Count < most ? now : counted[^most] + span;
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private static Mail Mailed(System.Data.Common.DbDataReader row) => new(row.TextOrNull(0), row.GetString(1), row.Time(2), !row.IsDBNull(3));

    private (string, object?)[] Values(string userId, string mailbox) =>
        [("@kind", MailKind.Code.Name), ("@since", (clock.GetUtcNow() - Day).Stored()), ("@mailbox", mailbox), ("@user", userId)];

    private sealed record Mail(string? UserId, string Mailbox, DateTimeOffset At, bool Failed);
}

/// <param name="FreeAt">When a code may be sent; null: now.</param>
/// <param name="Today">It is the day's number that is used up, not the ten minutes'.</param>
/// <param name="AgainAt">Where one is sent now: when the next may be.</param>
internal sealed record CodeRoom(DateTimeOffset? FreeAt, bool Today, DateTimeOffset AgainAt);
