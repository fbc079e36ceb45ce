using System.Net;
using IdP.Protocol.Clients;
using IdP.Protocol.Tokens;

namespace IdP.Protocol;

/// <summary>Registered clients, from an in-process cache that a change on any node reaches within seconds.</summary>
public interface IClients
{
    ValueTask<Client?> FindAsync(string clientId, CancellationToken cancel);

    /// <summary>
    /// Whether any enabled client lists this origin, compared exactly: a browser's preflight names no client. A host that does not answer it
    /// lets no other origin in.
    /// </summary>
    ValueTask<bool> AnyAllowsOriginAsync(string origin, CancellationToken cancel) => new(false);
}

/// <summary>Counts failed client authentication, per client and address.</summary>
public interface IClientGuesses
{
    /// <summary>From memory: whether this client failed too often from there.</summary>
    /// <param name="clientId">Null for any id that no client has.</param>
    bool IsRefused(string? clientId, IPAddress address);

    /// <summary>Counts one failure, whether or not the caller still listens.</summary>
    Task FailedAsync(string? clientId, IPAddress address);
}

/// <summary>The scopes this server knows, cached like clients.</summary>
public interface IScopes
{
    ValueTask<ScopeCatalogue> GetAsync(CancellationToken cancel);

    /// <summary>For telling only, never for giving by: a host whose store is away answers what it knew last.</summary>
    ValueTask<ScopeCatalogue> GetLastKnownAsync(CancellationToken cancel) => GetAsync(cancel);
}

/// <summary>What the protocol may know of a person. Null when unknown or disabled.</summary>
public interface IPeople
{
    ValueTask<Person?> FindAsync(string subject, CancellationToken cancel);
}

/// <param name="Claims">Standard claims by name; values are string, bool, long or a JSON object as JsonElement.</param>
public sealed record Person(string Subject, IReadOnlyDictionary<string, object> Claims);

/// <summary>Authorization codes: content is safe to lose, the mark of use is durable.</summary>
public interface ICodes
{
    /// <summary>Keeps what a new code stands for. The code: at least 256 random bits, of characters that go into a URL as they are, at most 128 of them.</summary>
    Task<string> StoreAsync(CodeContent content, CancellationToken cancel);

    /// <summary>The content while it lives, whether used or not.</summary>
    ValueTask<CodeContent?> FindAsync(string code, CancellationToken cancel);

    /// <summary>
    /// The one conditional write that must win. In the same transaction the grant's refresh family is made, if there is one.
    /// False when the code was used before, or the session it was given in has ended, or the person has taken back what they gave the client since; then
    /// everything an earlier use gave has been revoked by the time this returns.
    /// </summary>
    Task<bool> ConsumeAsync(string code, CodeContent content, NewRefreshFamily? family, CancellationToken cancel);

    /// <summary>For a code whose content is gone: if it is known as used, revokes what it gave. Never throws for unknown codes.</summary>
    Task NoteReplayAsync(string code, CancellationToken cancel);
}

/// <param name="Handle">Public half of the token: finds the family. 128 random bits.</param>
/// <param name="SecretHash">SHA-256 of the secret half.</param>
public sealed record NewRefreshFamily(string Handle, byte[] SecretHash, DateTimeOffset SlidingExpiry, DateTimeOffset AbsoluteExpiry);

/// <summary>
/// Refresh families, durable (RFC 9700 §4.14.2). A token is "handle.secret"; one row per family holds the hash of the current secret and of the one before.
/// The successor's secret is derived: HMAC-SHA256(key: the presented secret's bytes, data: the row's salt), so that a retry after a lost answer gets the
/// same successor although only hashes are kept.
/// </summary>
public interface IRefreshFamilies
{
    ValueTask<RefreshFamily?> FindAsync(string handle, CancellationToken cancel);

    /// <summary>Moves current → previous and sets the successor, only if <paramref name="presentedHash"/> is still current and the family lives. False: somebody else moved it; read again.</summary>
    Task<bool> RotateAsync(string handle, byte[] presentedHash, byte[] successorHash, byte[] salt, DateTimeOffset now, DateTimeOffset slidingExpiry, CancellationToken cancel);
}

/// <param name="Salt">What the current secret was derived from the previous with; empty before the first rotation.</param>
/// <param name="RotatedAt">When the previous secret was replaced.</param>
public sealed record RefreshFamily(
    string Handle, Grant Grant, byte[] CurrentHash, byte[]? PreviousHash, byte[] Salt, DateTimeOffset? RotatedAt,
    DateTimeOffset SlidingExpiry, DateTimeOffset AbsoluteExpiry, bool Ended);

/// <summary>Revocations, durable, known on every node within 5 s (I-5).</summary>
public interface IRevocations
{
    /// <summary>From memory. Throws <see cref="StaleKnowledgeException"/> when the list could not be refreshed in time: closed door.</summary>
    bool IsRevoked(string jti, string? grantId, string? sessionId);

    /// <summary>
    /// From memory: whether the person has taken back, at that moment or later, all that this client had been given. For what no grant leads to; asked beside
    /// <see cref="IsRevoked"/>, which tells when the list is too old.
    /// </summary>
    bool IsWithdrawn(string subject, string clientId, DateTimeOffset givenAt);

    /// <param name="grantId">The grant that the token grew from, if any: a host may end it when too many of its tokens are revoked one by one (RFC 7009 §2.1).</param>
    Task RevokeTokenAsync(string jti, string? grantId, DateTimeOffset until, CancellationToken cancel);

    /// <summary>Ends the refresh family of the grant and every access token that grew from it.</summary>
    Task RevokeGrantAsync(string grantId, CancellationToken cancel);
}

/// <summary>The host cannot vouch for what it knows; endpoints answer 503 with Retry-After.</summary>
public sealed class StaleKnowledgeException(string message) : Exception(message);

/// <summary>Pushed authorization requests (RFC 9126): content is safe to lose, that they were taken is not.</summary>
public interface IPushedRequests
{
    /// <summary>Keeps a request until it expires. The handle that it returns: base64url, at least 128 bits that nobody can guess.</summary>
    /// <param name="sender">Whom it counts against where no client has authenticated: the name of an address. Null: the client.</param>
    Task<string> StoreAsync(PushedRequest request, string? sender, CancellationToken cancel);

    /// <summary>Readable until it expires or is taken; reading it twice before the sign-in completes is fine (OpenID conformance C-143).</summary>
    ValueTask<PushedRequest?> FindAsync(string handle, CancellationToken cancel);

    /// <summary>True for the one caller that takes it, also when the sign-in that began with it ends after ExpiresAt.</summary>
    Task<bool> TakeAsync(string handle, CancellationToken cancel);
}

/// <param name="Pushed">False for a request the server itself put aside (a cross-site form post), which does not satisfy RequirePushedAuthorization.</param>
public sealed record PushedRequest(string ClientId, IReadOnlyDictionary<string, string> Parameters, DateTimeOffset ExpiresAt, bool Pushed);

/// <summary>Opaque access tokens, durable, found by SHA-256 of the token.</summary>
public interface IReferenceTokens
{
    Task StoreAsync(byte[] hash, AccessTokenContent content, CancellationToken cancel);
    ValueTask<AccessTokenContent?> FindAsync(byte[] hash, CancellationToken cancel);
}

/// <summary>The keys that sign now and the keys that are published, from memory.</summary>
public interface ISigningKeys
{
    KeyRing Current { get; }
}

/// <summary>Settings the protocol needs, read once at start.</summary>
public sealed record ProtocolOptions
{
    /// <summary>No trailing slash; https, or http on loopback.</summary>
    public required string Issuer { get; init; }
    /// <summary>Names beyond "pwd" and "mfa", each mapped to one of them.</summary>
    public IReadOnlyDictionary<string, string> AcrNames { get; init; } = new Dictionary<string, string>();
    public TimeSpan PushedRequestLifetime { get; init; } = TimeSpan.FromSeconds(90);
    public TimeSpan RefreshRetryWindow { get; init; } = TimeSpan.FromSeconds(10);
}
