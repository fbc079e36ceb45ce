using System.Text.Json;
using IdP.Protocol;
using IdP.Protocol.Tokens;

namespace IdP.Server.Storage.Protocol;

/// <summary>Opaque access tokens by the hash of the token.</summary>
internal sealed class ReferenceTokenStore(Database database, TimeProvider clock) : IReferenceTokens
{
    public Task StoreAsync(byte[] hash, AccessTokenContent content, CancellationToken cancel) =>
        database.ExecuteAsync("insert into reference_tokens (hash, json, expires_at) values (@hash, @json, @expires_at)", cancel,
            ("@hash", hash), ("@json", JsonSerializer.Serialize(content, StorageJson.Default.AccessTokenContent)), ("@expires_at", content.ExpiresAt.Stored()));

    public async ValueTask<AccessTokenContent?> FindAsync(byte[] hash, CancellationToken cancel)
    {
        var json = await database.FirstAsync("select json from reference_tokens where hash = @hash and expires_at > @now",
            row => row.GetString(0), cancel, ("@hash", hash), ("@now", clock.GetUtcNow().Stored()));
        return json is null ? null : JsonSerializer.Deserialize(json, StorageJson.Default.AccessTokenContent);
    }
}
