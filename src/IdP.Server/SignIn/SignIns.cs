using System.Net;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using IdP.Protocol.Authorize;
using IdP.Server.Accounts;
using IdP.Server.Hosting;
using IdP.Server.Storage;
using IdP.Server.Storage.Protocol;

namespace IdP.Server.SignIn;

/// <summary>A sign-in as one request finds it.</summary>
/// <param name="Tx">Its name in the addresses of pages.</param>
/// <param name="Bytes">What the store holds; null while it holds nothing, since nothing was proven yet.</param>
/// <param name="Person">Whom it counts against: the person of <see cref="SignInProgress.UserId"/>, else of the session.</param>
internal readonly record struct FoundSignIn(SignInProgress Value, string Tx, byte[]? Bytes, string? Person);

/// <summary>
/// Sign-ins in progress: readable by one browser, changed by compare-and-set. One that was only begun costs the server nothing: what the app
/// asked travels sealed in the pages' addresses (ID.SEALED), or, where that is too long, lies for ten minutes in what strangers share. From
/// its first change, which takes a right password or a session, it counts against that person and is kept for the person's patience.
/// </summary>
internal sealed class SignIns(SealedStore ephemeral, PushedRequestStore putAside, IdpCookies cookies, IdpOptions options, TimeProvider clock)
{
    // What the app sent is kept as long as it came: the cautious encoder would make six bytes of many a character.
    private static readonly SignInJson Json = new(new JsonSerializerOptions(SignInJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>The new sign-in's name in addresses.</summary>
    /// <param name="session">This browser's: then what is proven on top of it is its own from the start. Null: until the password.</param>
    /// <param name="putAsideHandle">Where the request was put aside, if it was.</param>
    public async Task<string> BeginAsync(HttpContext context, AuthorizeRequest request, string? putAsideHandle, Session? session, CancellationToken cancel)
    {
        var id = Handles.NewId();
        var kept = putAsideHandle is not null && PushedRequestStore.IsKept(putAsideHandle) ? putAsideHandle : null;
        var json = Write(new SignInProgress
        {
            Id = id,
            BrowserHash = Handles.Hash(cookies.EnsureBrowserHandle(context)),
            Parameters = kept is null ? request.Parameters : new Dictionary<string, string>(),
            PutAsideHandle = kept,
            PushedHandle = request.PushedHandle,
            StartedAt = clock.GetUtcNow(),
            OwnerHash = session is null ? null : Handles.Hash(cookies.NewOwner(context, id)),
        });
        if (json.Length <= SealedText.Longest)
            return $"{id}.{SealedText.Write(ephemeral, BegunKey(id), json)}";
        var life = session is null && PushedRequestStore.StrangersPatience < options.SignIn.Patience
            ? PushedRequestStore.StrangersPatience : options.SignIn.Patience;
        await ephemeral.SetAsync(BegunKey(id), json, life, HolderOf(session, context.Connection.RemoteIpAddress), cancel);
        return id;
    }

    /// <summary>Null when it is unknown, over, or another browser's.</summary>
    public async Task<FoundSignIn?> FindAsync(HttpContext context, string? tx, CancellationToken cancel)
    {
        var cut = tx?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        var id = cut < 0 ? tx : tx![..cut];
        if (!Handles.IsId(id) || cookies.BrowserHandle(context) is not { } browserHandle)
            return null;
        if ((await ReadAsync(id, cancel) ?? await ReadBegunAsync(id, cut < 0 ? null : tx, cancel)) is not { } found
            || !Is(found.Value.BrowserHash, browserHandle))
            return null;
        return found.Value.OwnerHash is not { } owner || (cookies.Owner(context, id) is { } shown && Is(owner, shown)) ? found : null;
    }

    /// <summary>
    /// Applies the change to what is kept now. Another request of the same sign-in may have been faster: then the change is asked again with
    /// what that one left, and may decline with null. False when it declined, the sign-in is gone, or somebody else owns it by now: what one browser proves must
    /// not be added to what another goes on with.
    /// </summary>
    /// <param name="takesOver">A right password makes it this browser's, whoever had it.</param>
    public async Task<bool> ChangeAsync(FoundSignIn from, Func<SignInProgress, SignInProgress?> change, CancellationToken cancel, bool takesOver = false)
    {
        for (FoundSignIn? seen = from; seen is { } found; seen = await ReadAsync(from.Value.Id, cancel))
        {
            var left = found.Value.StartedAt + options.SignIn.Patience - clock.GetUtcNow();
            if (left <= TimeSpan.Zero || !(takesOver || found.Value.SameOwnerAs(from.Value)) || change(found.Value) is not { } changed)
                return false;
            // Whoever changes one has a session or a proof; where that has just ended, all such share what one person gets.
            var holder = Holder.Person(changed.UserId ?? from.Person ?? "");
            var (key, json) = (Key(changed.Id), Write(changed));
            if (found.Bytes is { } bytes
                ? await ephemeral.ReplaceAsync(key, bytes, json, left, holder, cancel) is not null
                : await ephemeral.AddAsync(key, json, left, holder, cancel))
                return true;
        }

        return false;
    }

    private static bool Is(byte[] hash, string handle) => CryptographicOperations.FixedTimeEquals(hash, Handles.Hash(handle));

    private async Task<FoundSignIn?> ReadAsync(string id, CancellationToken cancel) =>
        await ephemeral.GetAsync(Key(id), cancel) is { } kept && Stored.Read(kept.Value, SignInJson.Default.SignInProgress) is { } progress
            ? new FoundSignIn(progress, id, kept.Bytes, progress.UserId)
            : null;

    private async Task<FoundSignIn?> ReadBegunAsync(string id, string? sealedTx, CancellationToken cancel)
    {
        var json = sealedTx is null
            ? (await ephemeral.GetAsync(BegunKey(id), cancel))?.Value
            : SealedText.Read(ephemeral, BegunKey(id), sealedTx.AsSpan(id.Length + 1));
        if (json is null || Stored.Read(json, SignInJson.Default.SignInProgress) is not { } begun || begun.StartedAt + options.SignIn.Patience <= clock.GetUtcNow())
            return null;
        if (begun.PutAsideHandle is { } handle)
        {
            if (await putAside.FindPutAsideAsync(handle, cancel) is not { } parameters)
                return null;
            begun = begun with { Parameters = parameters, PutAsideHandle = null };
        }

        return new FoundSignIn(begun, sealedTx ?? id, null, null);
    }

    private static Holder HolderOf(Session? session, IPAddress? address) => session is null ? Holder.Stranger(address) : Holder.Person(session.UserId);

    private static byte[] Write(SignInProgress progress) => JsonSerializer.SerializeToUtf8Bytes(progress, Json.SignInProgress);

    private static string Key(string id) => "signin:" + id;

    private static string BegunKey(string id) => "begun:" + id;
}
