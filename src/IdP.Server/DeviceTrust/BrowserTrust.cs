using IdP.Server.Accounts;
using IdP.Server.Hosting;
using IdP.Server.Storage;

namespace IdP.Server.DeviceTrust;

/// <summary>
/// This browser's part: the trust cookie of each person who uses it, and the handles it is known again by. Both are per person, so that several people share
/// a browser and nobody's is overwritten; what another's cookie shows is looked past, not wiped.
/// </summary>
internal sealed class BrowserTrust(Database database, TrustedDevices devices, KnownBrowsers browsers, OneTimeLinks links, IdpCookies cookies, TimeProvider clock)
{
    /// <summary>The handles of all who signed in here, the last one first.</summary>
    private const string Known = "idp.device";
    private const string Reset = "idp.reset";
    private const string TrustPrefix = "idp.trust-";
    private const string ResetPurpose = "reset-browser";
    private static readonly TimeSpan ResetFor = TimeSpan.FromDays(1);
    private static readonly TimeSpan KnownFor = TimeSpan.FromDays(400);

    /// <summary>What this browser shows for this person; for <see cref="TrustedDevices.ListAsync"/>.</summary>
    public TrustToken? ShownBy(HttpContext context, string userId) => TrustToken.Parse(cookies.Kept(context, NameFor(userId)));

    /// <summary>The living trusted device that this browser is for this person; one look at the store, and none without the cookie.</summary>
    public Task<TrustedDevice?> RecogniseAsync(HttpContext context, string userId, CancellationToken cancel) =>
        devices.FindAsync(userId, ShownBy(context, userId), Stranger(context), cancel);

    /// <summary>Whether this browser shows anything that could make it somebody's own.</summary>
    public bool ShowsAny(HttpContext context) => KnownHandles(context).Count > 0 || Handles.IsHandle(cookies.Kept(context, Reset))
        || context.Request.Cookies.Keys.Any(name => name.StartsWith(cookies.Name(TrustPrefix), StringComparison.Ordinal));

    /// <summary>
    /// The id of what this browser is as this person's own: one that they signed in with before, trusted or not, or the one that used a mailed link to a new
    /// password. Null for a stranger's. It names counters of guesses and grants nothing.
    /// </summary>
    public async Task<string?> OwnAsync(HttpContext context, string userId, CancellationToken cancel) =>
        await browsers.FindAsync(userId, KnownHandles(context), cancel)
        ?? (await RecogniseAsync(context, userId, cancel))?.Id
        ?? ((await links.FindAsync(ResetPurpose, cookies.Kept(context, Reset), cancel))?.UserId == userId ? GuessLimits.AfterReset(userId) : null);

    /// <summary>In the transaction of the new password: the browser that set it, and no other one from before, is the person's own for a day.</summary>
    /// <returns>For <see cref="KeepReset"/>, after the commit.</returns>
    public async Task<string> ResetHereAsync(Lane lane, string userId, CancellationToken cancel)
    {
        await links.EndAsync(lane, ResetPurpose, userId, cancel);
        return await links.MakeAsync(lane, ResetPurpose, userId, [], ResetFor, cancel);
    }

    public void KeepReset(HttpContext context, string token) => cookies.Keep(context, Reset, token, ResetFor);

    /// <summary>What happens beside a session that begins: the device is used, trust is given, the browser is remembered - or none of it.</summary>
    /// <param name="sparing">The device that spares this session its second step.</param>
    /// <param name="trusted">The factors just done, when the person wants this browser to be trusted.</param>
    public SessionCompany Accompany(HttpContext context, string userId, string? sparing, IReadOnlyList<FactorProof>? trusted)
    {
        var (cancel, shown, handles) = (context.RequestAborted, ShownBy(context, userId), KnownHandles(context));
        TrustToken? next = null;
        var handle = "";
        return new SessionCompany
        {
            DeviceId = sparing,
            Before = async lane =>
            {
                // Lock order: the person's row before a device's, as everywhere.
                if (trusted is not null || sparing is not null)
                    await Users.HoldAsync(lane, userId, cancel);
                return sparing is null || (shown?.DeviceId == sparing && (next = await devices.UseAsync(lane, userId, shown, By.Person(context, userId, null), cancel)) is not null);
            },
            After = async (lane, session) =>
            {
                var by = By.Person(context, userId, session.Id);
                if (trusted is not null)
                    next = await devices.GiveAsync(lane, userId, trusted, by, cancel);
                handle = await browsers.SeenAsync(lane, userId, handles, by, cancel);
            },
            Committed = async () =>
            {
                cookies.Keep(context, Known, string.Join('.', handles.Where(other => other != handle).Prepend(handle).Take(KnownBrowsers.MostPeople)), KnownFor);
                if (next is not null)
                    await KeepAsync(context, userId, next, cancel);
            },
        };
    }

    /// <summary>A session that was there before is spared a second step by the device from now on, and ends with it. False when the device is not good any more.</summary>
    public async Task<bool> AttachAsync(HttpContext context, string userId, string sparing, string sid)
    {
        var cancel = context.RequestAborted;
        if (ShownBy(context, userId) is not { } shown || shown.DeviceId != sparing)
            return false;
        var next = await database.TransactAsync(async lane =>
        {
            await Users.HoldAsync(lane, userId, cancel);
            var used = await devices.UseAsync(lane, userId, shown, By.Person(context, userId, sid), cancel);
            if (used is not null)
                await lane.ExecuteAsync("update sessions set device_id = @device where id = @sid and user_id = @user and ended_at is null", cancel, ("@device", sparing), ("@sid", sid), ("@user", userId));
            return used;
        }, cancel);
        if (next is not null)
            await KeepAsync(context, userId, next, cancel);
        return next is not null;
    }

    // The cookie ends when the trust does: use never makes it longer.
    private async Task KeepAsync(HttpContext context, string userId, TrustToken token, CancellationToken cancel)
    {
        if (await devices.FindAsync(userId, token, Stranger(context), cancel) is { } device)
            cookies.Keep(context, NameFor(userId), token.ToCookie(), device.ExpiresAt - clock.GetUtcNow());
    }

    private List<string> KnownHandles(HttpContext context) =>
        cookies.Kept(context, Known) is { } kept ? [.. kept.Split('.', KnownBrowsers.MostPeople + 1).Where(Handles.IsHandle).Take(KnownBrowsers.MostPeople)] : [];

    /// <summary>Whoever shows a cookie: that it is the owner is not proven by it.</summary>
    private static By Stranger(HttpContext context) => By.Person(context, "system", null);

    private static string NameFor(string userId) => TrustPrefix + Handles.HashText(userId)[..16];
}
