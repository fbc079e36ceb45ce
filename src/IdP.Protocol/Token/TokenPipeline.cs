using System.Net;
using IdP.Protocol.Clients;
using IdP.Protocol.Token.Grants;
using IdP.Protocol.Tokens;

namespace IdP.Protocol.Token;

/// <summary>The token endpoint (RFC 6749 §3.2): five phases that every grant shares; a grant fills in the fourth.</summary>
public sealed class TokenPipeline
{
    private readonly ClientAuthentication authentication;
    private readonly IScopes scopes;
    private readonly TokenMint mint;
    private readonly ITokenGrant[] grants;

    public TokenPipeline(
        ClientAuthentication authentication, IScopes scopes, TokenMint mint, ICodes codes, IRefreshFamilies families, IRevocations revocations, IPeople people,
        ProtocolOptions options, TimeProvider time)
    {
        this.authentication = authentication;
        this.scopes = scopes;
        this.mint = mint;
        grants =
        [
            new AuthorizationCodeGrant(codes, revocations, people, time),
            new RefreshTokenGrant(families, revocations, people, options, time),
            new ClientCredentialsGrant(),
        ];
    }

    /// <param name="authorization">The Authorization header, or null.</param>
    /// <param name="form">The form of the request.</param>
    public async Task<TokenOutcome> RunAsync(string? authorization, Parameters form, CancellationToken cancel, IPAddress? address = null)
    {
        ArgumentNullException.ThrowIfNull(form);

        // 1. The request is one (§3.2).
        if (form.Repeated is not null)
            return Refused(ProtocolError.InvalidRequest("A parameter was sent more than once."));
        if (form["grant_type"] is not { } type)
            return Refused(ProtocolError.InvalidRequest("grant_type is missing."));

        // 2. The client is who it says (§3.2.1).
        var proof = await authentication.AuthenticateAsync(authorization, form, cancel, address);
        if (proof is not ClientAuthenticationOutcome.Proven { Client: var client, Method: var method })
            return Refused(((ClientAuthenticationOutcome.Refused)proof).Error);

        // 3. The grant exists and is the client's to use (§5.2).
        if (Find(type) is not { } grant)
            return Refused(ProtocolError.UnsupportedGrantType("This grant_type is not supported."), client);
        if (!client.AllowedGrantTypes.Contains(type))
            return Refused(ProtocolError.UnauthorizedClient("This client may not use this grant_type."), client);

        // 4. What was granted is proven and, where it is good once, used up.
        var catalogue = await scopes.GetAsync(cancel);
        var answer = await grant.RedeemAsync(new GrantCall(client, method, form, catalogue), cancel);
        if (answer is not GrantAnswer.Given given)
            return Refused(((GrantAnswer.Refused)answer).Error, client);

        // 5. Tokens are made from it (§5.1). A crash from here on loses the answer, never grants twice.
        return new TokenOutcome.Issued(await AnswerAsync(client, given, catalogue, cancel), client);
    }

    private async ValueTask<TokenResponse> AnswerAsync(Client client, GrantAnswer.Given given, ScopeCatalogue catalogue, CancellationToken cancel)
    {
        var content = given.Grant is { } grant
            ? mint.ContentFor(client, grant, given.Scopes, catalogue)
            : mint.ContentFor(client, given.Scopes, catalogue);
        var accessToken = await mint.AccessTokenAsync(client, content, cancel);
        return new TokenResponse
        {
            AccessToken = accessToken,
            ExpiresIn = client.AccessTokenLifetime,
            RefreshToken = given.RefreshToken,
            IdToken = given is { Grant: { } source, Person: { } person } && given.Scopes.Contains(ScopeCatalogue.OpenId)
                ? mint.IdToken(client, source, person, given.Nonce, accessToken, given.Scopes, catalogue)
                : null,
            Scopes = given.Scopes,
            Subject = content.Subject,
            GrantId = given.Grant?.Id,
        };
    }

    private ITokenGrant? Find(string type)
    {
        foreach (var grant in grants)
        {
            if (grant.Type == type)
                return grant;
        }
        return null;
    }

    private static TokenOutcome.Refused Refused(ProtocolError error, Client? client = null) => new(error, client);
}
