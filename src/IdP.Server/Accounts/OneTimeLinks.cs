using System.Security.Cryptography;
using IdP.Server.Storage;

namespace IdP.Server.Accounts;

/// <summary>
/// Links that let whoever opens the mail do one thing, once, for a while. The token stands in the mail and nowhere else: here is its hash, and what the link
/// is about is sealed for it.
/// </summary>
internal sealed class OneTimeLinks(Database database, SecretProtector protector, TimeProvider clock)
{
    private const string Purpose = "one-time-link";

    /// <summary>The token, in the caller's transaction.</summary>
    public async Task<string> MakeAsync(Lane lane, string purpose, string userId, byte[] about, TimeSpan life, CancellationToken cancel)
    {
        var token = Handles.New();
        var hash = Handles.Hash(token);
        await lane.ExecuteAsync("insert into one_time_links (hash, purpose, user_id, sealed, expires_at) values (@hash, @purpose, @user, @sealed, @expires)", cancel,
            ("@hash", hash), ("@purpose", purpose), ("@user", userId), ("@sealed", protector.Seal(Purpose, about, Convert.ToHexString(hash))), ("@expires", (clock.GetUtcNow() + life).Stored()));
        return token;
    }

    /// <summary>Whose it is and what about, without using it up; null when it was used, has expired, or never was.</summary>
    public async Task<OneTimeLink?> FindAsync(string purpose, string? token, CancellationToken cancel)
    {
        if (!Handles.IsHandle(token))
            return null;
        var hash = Handles.Hash(token);
        var found = await database.FirstAsync("select user_id, sealed from one_time_links where hash = @hash and purpose = @purpose and used_at is null and expires_at > @now",
            row => (User: row.TextOrNull(0), Sealed: row.BytesOrNull(1)), cancel, ("@hash", hash), ("@purpose", purpose), ("@now", clock.GetUtcNow().Stored()));
        if (found is not { User: { } userId, Sealed: { } kept })
            return null;
        try
        {
            return new OneTimeLink(hash, userId, protector.Open(Purpose, kept, Convert.ToHexString(hash)));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>The conditional write that must win; in the transaction of what the link does.</summary>
    public async Task<bool> TakeAsync(Lane lane, OneTimeLink link, CancellationToken cancel) =>
        await lane.ExecuteAsync("update one_time_links set used_at = @now where hash = @hash and used_at is null and expires_at > @now", cancel,
            ("@hash", link.Hash), ("@now", clock.GetUtcNow().Stored())) == 1;

    /// <summary>Older links of the kind are worth nothing from now on.</summary>
    public Task EndAsync(Lane lane, string purpose, string userId, CancellationToken cancel) =>
        lane.ExecuteAsync("update one_time_links set used_at = @now where purpose = @purpose and user_id = @user and used_at is null", cancel,
            ("@purpose", purpose), ("@user", userId), ("@now", clock.GetUtcNow().Stored()));
}

/// <param name="About">What whoever made it wanted kept.</param>
internal sealed record OneTimeLink(byte[] Hash, string UserId, byte[] About);
