using System.Text;
using System.Text.Json;
using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.Factors;
using IdP.Server.Storage;

namespace IdP.Server.Recovery;

/// <summary>
/// "This was not me": ends every session and token, drops trusted devices, takes the change back where that is possible, and makes the password worthless -
/// all in one commit. What is left is a link to set a new password.
/// </summary>
internal sealed class Disowning(
    Database database, OneTimeLinks links, SessionEnding ending, Users users, FactorBindings bindings, AccountWatchers watchers, AuditLog audit, PasswordReset reset)
{
    public async Task<bool> IsGoodAsync(string? token, CancellationToken cancel) => await links.FindAsync(Notices.Purpose, token, cancel) is not null;

    /// <summary>The token of a link to a new password; null when the link was used, or has expired.</summary>
    public async Task<string?> DisownAsync(string? token, By by, CancellationToken cancel)
    {
        if (await links.FindAsync(Notices.Purpose, token, cancel) is not { } link || JsonSerializer.Deserialize(link.About, UndoJson.Default.Undo) is not { } undo)
            return null;
        var next = await database.TransactAsync(async lane =>
        {
            if (!await links.TakeAsync(lane, link, cancel))
                return null;
            await Users.LockAsync(lane, link.UserId, cancel);
            await ending.EndAllAsync(lane, link.UserId, exceptSid: null, cancel);
            // Takes trusted devices with it, and tells the owner.
            await watchers.TellAsync(lane, new(link.UserId, AccountChangeKind.Disowned, by), cancel);
            await UndoAsync(lane, link.UserId, undo, by, cancel);
            await users.DropPasswordAsync(lane, link.UserId, by, cancel);
            await audit.AddAsync(lane, new("disowned", by.Actor, link.UserId, Address: by.Address, Details: undo.Kind.ToString()), cancel);
            return await reset.MakeAsync(lane, link.UserId, cancel);
        }, cancel);
        users.Forget(link.UserId);
        await ending.TellAsync(cancel);
        return next;
    }

    // What was taken away cannot be brought back: an unbound factor's secret is gone, and a changed password is made worthless anyway.
    private async Task UndoAsync(Lane lane, string userId, Undo undo, By by, CancellationToken cancel)
    {
        if (undo.BindingId is { } binding)
            await bindings.RemoveAsync(lane, userId, binding, by, cancel);
        if (undo.OldEmail is { } address)
            await users.RestoreEmailAsync(lane, userId, address, by, cancel);
    }
}

/// <summary>Links to a new password: one use, half an hour, the newest only.</summary>
internal sealed class PasswordReset(OneTimeLinks links)
{
    public const string Purpose = "password-reset";
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(30);

    public async Task<string> MakeAsync(Lane lane, string userId, CancellationToken cancel)
    {
        await links.EndAsync(lane, Purpose, userId, cancel);
        return await links.MakeAsync(lane, Purpose, userId, Encoding.ASCII.GetBytes(userId), Life, cancel);
    }
}
