using IdP.Protocol.Clients;
using IdP.Protocol.Tokens;

namespace IdP.Protocol.UserInfo;

/// <summary>OIDC Core §5.3: the claims that the token's scopes and the claims parameter opened.</summary>
public sealed class UserInfoReader(AccessTokenReader tokens, IClients clients, IScopes scopes, IPeople people, TokenMint mint)
{
    private static readonly ProtocolError BadToken = ProtocolError.InvalidToken("The access token is unknown, expired or revoked.");

    public async ValueTask<UserInfoOutcome> ReadAsync(string token, CancellationToken cancel)
    {
        if (await tokens.ReadAsync(token, cancel) is not { } content || await clients.FindAsync(content.ClientId, cancel) is not { Enabled: true } client)
            return new UserInfoOutcome.Refused(BadToken, null);
        if (!content.Scopes.Contains(ScopeCatalogue.OpenId))
            return new UserInfoOutcome.Refused(ProtocolError.InsufficientScope("The access token lacks the scope openid."), client);
        if (await people.FindAsync(content.Subject, cancel) is not { } person)
            return new UserInfoOutcome.Refused(BadToken, client);

        var claims = ClaimsOf(content, person, await scopes.GetAsync(cancel));
        return client.UserInfoSignedResponseAlg is { } algorithm
            ? new UserInfoOutcome.Signed(mint.UserInfo(client, algorithm, claims), client)
            : new UserInfoOutcome.Claims(claims, client);
    }

    private static List<KeyValuePair<string, object>> ClaimsOf(AccessTokenContent content, Person person, ScopeCatalogue catalogue)
    {
        List<KeyValuePair<string, object>> claims = [new("sub", content.Subject)];
        foreach (var scope in content.Scopes)
            Add(claims, person, catalogue.Find(scope)?.Claims);
        Add(claims, person, content.UserInfoClaims);
        return claims;
    }

    private static void Add(List<KeyValuePair<string, object>> claims, Person person, IReadOnlyList<string>? names)
    {
        for (var i = 0; i < names?.Count; i++)
        {
            if (!ReservedClaims.Contains(names[i]) && person.Claims.TryGetValue(names[i], out var value) && !Has(claims, names[i]))
                claims.Add(new(names[i], value));
        }
    }

    private static bool Has(List<KeyValuePair<string, object>> claims, string name)
    {
        foreach (var claim in claims)
        {
            if (claim.Key == name)
                return true;
        }
        return false;
    }
}

/// <summary>What came of asking for claims.</summary>
public abstract record UserInfoOutcome
{
    private UserInfoOutcome() { }

    /// <param name="Values">sub first; written with <see cref="ClaimWriter"/>.</param>
    public sealed record Claims(IReadOnlyList<KeyValuePair<string, object>> Values, Client Client) : UserInfoOutcome;

    /// <param name="Jwt">application/jwt.</param>
    public sealed record Signed(string Jwt, Client Client) : UserInfoOutcome;

    /// <param name="Client">Null when the token tells none.</param>
    public sealed record Refused(ProtocolError Error, Client? Client) : UserInfoOutcome;
}
