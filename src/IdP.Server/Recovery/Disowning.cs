using System.Text.Json;
using System.Text.Json.Serialization;
using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.Factors;
using IdP.Server.Storage;

namespace IdP.Server.Recovery;

/// <summary>What came of "this was not me".</summary>
internal abstract record DisownOutcome
{
    private DisownOutcome() { }

    /// <param name="Token">Of a link to a new password.</param>
    internal sealed record Done(string Token) : DisownOutcome
    {
        /// <summary>Records print their members; this one must not (I-7).</summary>
        public override string ToString() => nameof(Done);
    }

    /// <summary>The account is shut, but the factor it had cannot be brought back: an operator has to look.</summary>
    internal sealed record AskOperator : DisownOutcome;

    /// <summary>Used, expired, or never made.</summary>
    internal sealed record LinkUsed : DisownOutcome;
}

/// <summary>
/// "This was not me": ends every session and token, drops trusted devices, puts the factors back to what they were before the change, and makes the password
/// worthless - all in one commit. What is left is a link to set a new password, where the factors of before are asked for: whoever only reads the mail gets no
/// further than with a forgotten password.
/// </summary>
internal sealed class Disowning(
    Database database, OneTimeLinks links, SessionEnding ending, Users users, FormerBindings former, AccountWatchers watchers, AuditLog audit, PasswordReset reset)
{
    public async Task<bool> IsGoodAsync(string? token, CancellationToken cancel) => await links.FindAsync(Notices.Purpose, token, cancel) is not null;

    public async Task<DisownOutcome> DisownAsync(string? token, By by, CancellationToken cancel)
    {
        if (await links.FindAsync(Notices.Purpose, token, cancel) is not { } link || Stored.Read(link.About, UndoJson.Default.Undo) is not { } undo)
            return new DisownOutcome.LinkUsed();
        var outcome = await database.TransactAsync<DisownOutcome>(async lane =>
        {
            await Users.HoldAsync(lane, link.UserId, cancel);
            if (!await links.TakeAsync(lane, link, cancel))
                return new DisownOutcome.LinkUsed();
            await ending.EndAllAsync(lane, link.UserId, exceptSid: null, cancel);
            // Takes trusted devices and links to a new password with it, and tells the owner.
            await watchers.TellAsync(lane, new(link.UserId, AccountChangeKind.Disowned, by), cancel);
            var restored = await former.PutBackAsync(lane, link.UserId, undo.At, undo.HadFactor, by, cancel);
            if (undo.OldEmail is { } before)
                await users.RestoreEmailAsync(lane, link.UserId, before, by, cancel);
            await users.DropPasswordAsync(lane, link.UserId, by, cancel);
            await audit.AddAsync(lane, new("disowned", by.Actor, link.UserId, Address: by.Address, Details: undo.Kind.ToString()), cancel);
            return restored ? new DisownOutcome.Done(await reset.MakeAsync(lane, link.UserId, cancel)) : new DisownOutcome.AskOperator();
        }, cancel);
        users.Forget(link.UserId);
        await ending.TellAsync(cancel);
        return outcome;
    }
}

/// <summary>
/// Links to a new password: half an hour, one use. Several may be good at once, so that a stranger who asks for one takes none from the owner; all of them
/// end with a new password, and when somebody says "this was not me". What a link went to is no second factor for it.
/// </summary>
internal sealed class PasswordReset(OneTimeLinks links) : IAccountWatcher
{
    public const string Purpose = "password-reset";
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(30);

    /// <param name="sentTo">The binding whose address the link goes to; null: the account's own address.</param>
    public Task<string> MakeAsync(Lane lane, string userId, CancellationToken cancel, FactorBinding? sentTo = null) => links.MakeAsync(
        lane, Purpose, userId, JsonSerializer.SerializeToUtf8Bytes(new ResetVia(sentTo?.Id, sentTo?.Factor), ResetJson.Default.ResetVia), Life, cancel);

    public Task OnChangeAsync(Lane lane, AccountChange change, CancellationToken cancel) => change.Kind is AccountChangeKind.PasswordChanged or AccountChangeKind.Disowned
        ? links.EndAsync(lane, Purpose, change.UserId, cancel)
        : Task.CompletedTask;
}

/// <summary>Where a link to a new password went, when not to the account's own address.</summary>
/// <param name="Binding">Its address got the mail.</param>
/// <param name="Factor">The kind of that binding: whoever reads the mail would pass it as well.</param>
internal sealed record ResetVia(string? Binding, string? Factor);

[JsonSerializable(typeof(ResetVia))]
internal sealed partial class ResetJson : JsonSerializerContext;
