using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using IdP.Protocol;
using IdP.Server.Hosting;

namespace IdP.Server.Storage.Protocol;

/// <summary>
/// Pushed authorization requests (RFC 9126 §2.2): losing their content costs a redirect; that one was taken is decided in the database.
/// A request that this server put aside itself, for anybody who posts one, travels sealed in its handle, so that nothing is kept for it;
/// only one that is too long for that is kept here.
/// </summary>
internal sealed class PushedRequestStore(SealedStore ephemeral, UsedMarks marks, IdpOptions options, TimeProvider clock) : IPushedRequests
{
    private const int HandleLength = 43;
    private const int HandleBytes = 32;
    private const int TimeBytes = 4;
    private const string InHandle = "par:in-handle";

    /// <summary>How long what a stranger left is kept: for a visit as long as it says, and then for the sign-in that began with it.</summary>
    public static readonly TimeSpan StrangersPatience = TimeSpan.FromMinutes(10);

    public async Task<string> StoreAsync(PushedRequest request, string? sender, CancellationToken cancel)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(request, StorageJson.Default.PushedRequest);
        if (!request.Pushed && json.Length <= SealedText.Longest)
            return SealedText.Write(ephemeral, InHandle, json);
        var handle = NewHandle(request.ExpiresAt);
        var holder = sender is null ? Holder.Client(request.ClientId) : Holder.Stranger(sender);
        await ephemeral.SetAsync(Key(handle), json, request.Pushed ? request.ExpiresAt - clock.GetUtcNow() : StrangersPatience, holder, cancel);
        return handle;
    }

    public async ValueTask<PushedRequest?> FindAsync(string handle, CancellationToken cancel)
    {
        var json = IsKept(handle) ? (await ephemeral.GetAsync(Key(handle), cancel))?.Value : SealedText.Read(ephemeral, InHandle, handle);
        return json is not null && Stored.Read(json, StorageJson.Default.PushedRequest) is { } request && request.ExpiresAt > clock.GetUtcNow()
            ? request : null;
    }

    /// <summary>What was put aside here under the handle, not in it, whether or not new visits find it still; null: nothing.</summary>
    public async ValueTask<IReadOnlyDictionary<string, string>?> FindPutAsideAsync(string handle, CancellationToken cancel) =>
        IsKept(handle) && await ephemeral.GetAsync(Key(handle), cancel) is { } kept
            && Stored.Read(kept.Value, StorageJson.Default.PushedRequest) is { Pushed: false } request ? request.Parameters : null;

    public static bool IsKept(string handle) => handle.Length == HandleLength;

    /// <summary>The mark must win: whoever can write to Redis could put the request back. If we crash after it the app pushes another one.</summary>
    public async Task<bool> TakeAsync(string handle, CancellationToken cancel)
    {
        // Later than any sign-in that began with it.
        if (!await marks.TryAsync("par:" + handle, EndOf(handle) + options.SignIn.Patience, cancel))
            return false;
        await ephemeral.RemoveAsync(Key(handle), cancel);
        return true;
    }

    /// <summary>224 random bits after the time that <see cref="EndOf"/> reads, base64url (43 characters).</summary>
    private static string NewHandle(DateTimeOffset end)
    {
        Span<byte> handle = stackalloc byte[HandleBytes];
        BinaryPrimitives.WriteUInt32BigEndian(handle, (uint)end.ToUnixTimeSeconds());
        RandomNumberGenerator.Fill(handle[TimeBytes..]);
        return Base64Url.EncodeToString(handle);
    }

    private static DateTimeOffset EndOf(string handle) =>
        DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadUInt32BigEndian(Base64Url.DecodeFromChars(handle)));

    private static string Key(string handle) => "par:" + handle;
}
