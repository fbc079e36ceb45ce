using System.Text.Json;
using IdP.Protocol;
using IdP.Server.Hosting;

namespace IdP.Server.Storage.Protocol;

/// <summary>Pushed authorization requests (RFC 9126 §2.2): their loss costs a redirect.</summary>
internal sealed class PushedRequestStore(IEphemeralStore ephemeral, IdpOptions options, TimeProvider clock) : IPushedRequests
{
    public Task StoreAsync(string handle, PushedRequest request, CancellationToken cancel) =>
        ephemeral.SetAsync(Key(handle), JsonSerializer.SerializeToUtf8Bytes(request, StorageJson.Default.PushedRequest), request.ExpiresAt - clock.GetUtcNow(), cancel);

    public async ValueTask<PushedRequest?> FindAsync(string handle, CancellationToken cancel) =>
        await ephemeral.GetAsync(Key(handle), cancel) is { } stored
        && JsonSerializer.Deserialize(stored, StorageJson.Default.PushedRequest) is { } request
        && request.ExpiresAt > clock.GetUtcNow() ? request : null;

    public async Task KeepAsync(string handle, CancellationToken cancel)
    {
        // Compare-and-set, so that what was taken meanwhile stays taken.
        if (await ephemeral.GetAsync(Key(handle), cancel) is { } stored)
            await ephemeral.ReplaceAsync(Key(handle), stored, stored, options.SignIn.Patience, cancel);
    }

    public async Task<bool> TakeAsync(string handle, CancellationToken cancel) => await ephemeral.TakeAsync(Key(handle), cancel) is not null;

    private static string Key(string handle) => "par:" + handle;
}
