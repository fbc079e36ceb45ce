using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using IdP.Server.Hosting;
using IdP.Server.Storage;

namespace IdP.Server.SignIn;

/// <summary>Sign-ins in progress: kept for the person's patience, readable by one browser, changed by compare-and-set.</summary>
internal sealed class SignIns(IEphemeralStore ephemeral, IdpCookies cookies, IdpOptions options, TimeProvider clock)
{
    // What the app sent is kept as long as it came: the cautious encoder would make six bytes of many a character.
    private static readonly SignInJson Json = new(new JsonSerializerOptions(SignInJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <param name="owner">The browser, where it has a session: then what is proven on top of that is its own from the start. Null: until the password.</param>
    public async Task<SignInProgress> BeginAsync(
        IReadOnlyDictionary<string, string> parameters, string? pushedHandle, string browserHandle, HttpContext? owner, CancellationToken cancel)
    {
        var id = Handles.NewId();
        var progress = new SignInProgress
        {
            Id = id,
            BrowserHash = Handles.Hash(browserHandle),
            Parameters = parameters,
            PushedHandle = pushedHandle,
            StartedAt = clock.GetUtcNow(),
            OwnerHash = owner is null ? null : Handles.Hash(cookies.NewOwner(owner, id)),
        };
        await ephemeral.SetAsync(Key(progress.Id), Write(progress), options.SignIn.Patience, cancel);
        return progress;
    }

    /// <summary>Null when it is unknown, over, or another browser's.</summary>
    public async Task<Stored<SignInProgress>?> FindAsync(HttpContext context, string? id, CancellationToken cancel)
    {
        if (!Handles.IsId(id) || cookies.BrowserHandle(context) is not { } browserHandle)
            return null;
        if (await ReadAsync(id, cancel) is not { } kept || !Is(kept.Value.BrowserHash, browserHandle))
            return null;
        return kept.Value.OwnerHash is not { } owner || (cookies.Owner(context, id) is { } shown && Is(owner, shown)) ? kept : null;
    }

    /// <summary>
    /// Applies the change to what is kept now. Another request of the same sign-in may have been faster: then the change is asked again with
    /// what that one left, and may decline with null. False when it declined, the sign-in is gone, or somebody else owns it by now: what one browser proves must
    /// not be added to what another goes on with.
    /// </summary>
    /// <param name="takesOver">A right password makes it this browser's, whoever had it.</param>
    public async Task<bool> ChangeAsync(Stored<SignInProgress> from, Func<SignInProgress, SignInProgress?> change, CancellationToken cancel, bool takesOver = false)
    {
        for (Stored<SignInProgress>? seen = from; seen is { } kept; seen = await ReadAsync(from.Value.Id, cancel))
        {
            var left = kept.Value.StartedAt + options.SignIn.Patience - clock.GetUtcNow();
            if (left <= TimeSpan.Zero || !(takesOver || kept.Value.SameOwnerAs(from.Value)) || change(kept.Value) is not { } changed)
                return false;
            if (await ephemeral.ReplaceAsync(Key(changed.Id), kept.Bytes, Write(changed), left, cancel))
                return true;
        }

        return false;
    }

    private static bool Is(byte[] hash, string handle) => CryptographicOperations.FixedTimeEquals(hash, Handles.Hash(handle));

    private async Task<Stored<SignInProgress>?> ReadAsync(string id, CancellationToken cancel) =>
        await ephemeral.GetAsync(Key(id), cancel) is { } bytes && Stored.Read(bytes, SignInJson.Default.SignInProgress) is { } progress
            ? new Stored<SignInProgress>(progress, bytes)
            : null;

    private static byte[] Write(SignInProgress progress) => JsonSerializer.SerializeToUtf8Bytes(progress, Json.SignInProgress);

    private static string Key(string id) => "signin:" + id;
}
