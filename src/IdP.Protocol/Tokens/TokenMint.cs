using System.Globalization;
using IdP.Protocol.Clients;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IdP.Protocol.Tokens;

/// <summary>
/// Makes access tokens (RFC 9068, or opaque), id_tokens (OIDC Core §2) and signed userinfo answers (§5.3.2). The latter two are signed with the
/// client's algorithm. Access tokens are for APIs, which take theirs from the header and the JWK set: they are signed with the cheaper one.
/// </summary>
public sealed class TokenMint(ProtocolOptions options, ISigningKeys keys, IReferenceTokens references, TimeProvider time)
{
    private const string AccessTokenAlgorithm = "ES256";

    private static readonly Dictionary<string, object> AccessTokenHeader = new() { ["typ"] = ValidationRules.AccessTokenType };

    private readonly JsonWebTokenHandler handler = new() { SetDefaultTimesOnTokenCreation = false };

    /// <summary>The token for what was granted. An opaque one is stored before it is returned.</summary>
    internal async ValueTask<string> AccessTokenAsync(Client client, AccessTokenContent content, CancellationToken cancel)
    {
        if (client.AccessTokenType != "reference")
            return handler.CreateToken(Payloads.Access(options.Issuer, content), Credentials(AccessTokenAlgorithm), AccessTokenHeader);
        var token = Secrets.New(32);
        await references.StoreAsync(Secrets.Hash(token), content, cancel);
        return token;
    }

    /// <summary>What a token grown from a grant says: never more than the grant (I-1).</summary>
    internal AccessTokenContent ContentFor(Client client, Grant grant, IReadOnlyList<string> scopes, ScopeCatalogue catalogue)
    {
        var now = time.GetUtcNow();
        return new AccessTokenContent
        {
            Jti = string.Create(CultureInfo.InvariantCulture, $"{grant.Id}~{Secrets.New(16)}.{now.Millisecond}"),
            ClientId = client.ClientId,
            Subject = grant.Subject,
            Audience = Audience(scopes, catalogue),
            Scopes = scopes,
            IssuedAt = now,
            ExpiresAt = now.AddSeconds(client.AccessTokenLifetime),
            // Narrowed away from offline_access, the token must still outlive the browser session: then it does not name it.
            SessionId = grant.IsOffline && !scopes.Contains(ScopeCatalogue.OfflineAccess) ? null : grant.SessionId,
            AuthTime = grant.AuthTime,
            Acr = grant.Acr,
            Amr = grant.Amr,
            UserInfoClaims = grant.UserInfoClaims,
        };
    }

    /// <summary>RFC 6749 §4.4: the client acts for itself, its id is the subject.</summary>
    internal AccessTokenContent ContentFor(Client client, IReadOnlyList<string> scopes, ScopeCatalogue catalogue)
    {
        var now = time.GetUtcNow();
        return new AccessTokenContent
        {
            Jti = Secrets.New(16),
            ClientId = client.ClientId,
            Subject = client.ClientId,
            Audience = Audience(scopes, catalogue),
            Scopes = scopes,
            IssuedAt = now,
            ExpiresAt = now.AddSeconds(client.AccessTokenLifetime),
        };
    }

    /// <param name="scopes">Of the access token beside it: a client that narrows them narrows what it is told.</param>
    internal string IdToken(
        Client client, Grant grant, Person person, string? nonce, string accessToken, IReadOnlyList<string> scopes, ScopeCatalogue catalogue)
    {
        var names = client.AlwaysIncludeUserClaimsInIdToken ? [.. catalogue.ClaimsOf(scopes), .. grant.IdTokenClaims] : grant.IdTokenClaims;
        return handler.CreateToken(
            Payloads.Identity(options.Issuer, grant, person, names, nonce, Secrets.HalfHash(accessToken), time.GetUtcNow(), client.IdentityTokenLifetime),
            Credentials(client.IdTokenSigningAlg));
    }

    internal string UserInfo(Client client, string algorithm, IReadOnlyList<KeyValuePair<string, object>> claims) =>
        handler.CreateToken(Payloads.UserInfo(options.Issuer, client.ClientId, time.GetUtcNow(), claims), Credentials(algorithm));

    private SigningCredentials Credentials(string algorithm) =>
        keys.Current.Signing.TryGetValue(algorithm, out var credentials)
            ? credentials
            : throw new InvalidOperationException($"There is no signing key for {algorithm}.");

    private List<string> Audience(IReadOnlyList<string> scopes, ScopeCatalogue catalogue)
    {
        List<string> audience = [];
        for (var i = 0; i < scopes.Count; i++)
        {
            var name = catalogue.Find(scopes[i])?.Audience ?? options.Issuer;
            if (!audience.Contains(name))
                audience.Add(name);
        }
        if (audience.Count == 0)
            audience.Add(options.Issuer);
        return audience;
    }
}
