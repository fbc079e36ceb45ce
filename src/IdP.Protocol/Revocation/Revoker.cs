using System.Net;
using IdP.Protocol.Clients;
using IdP.Protocol.Token.Grants;
using IdP.Protocol.Tokens;

namespace IdP.Protocol.Revocation;

/// <summary>RFC 7009: a client gives back a token of its own. An unknown or dead token is success; a store that fails throws, so a success is never false.</summary>
public sealed class Revoker(ClientAuthentication authentication, AccessTokenReader tokens, IdTokenReader idTokens, IRefreshFamilies families, IRevocations revocations)
{
    public async Task<RevocationOutcome> RunAsync(string? authorization, Parameters form, CancellationToken cancel, IPAddress? address = null)
    {
        ArgumentNullException.ThrowIfNull(form);
        if (form.Repeated is not null)
            return new RevocationOutcome.Refused(ProtocolError.InvalidRequest("A parameter was sent more than once."), null);
        var proof = await authentication.AuthenticateAsync(authorization, form, cancel, address);
        if (proof is not ClientAuthenticationOutcome.Proven { Client: var client })
            return new RevocationOutcome.Refused(((ClientAuthenticationOutcome.Refused)proof).Error, null);
        if (form["token"] is not { } token)
            return new RevocationOutcome.Refused(ProtocolError.InvalidRequest("token is missing."), client);

        // §2.1: token_type_hint is only a hint, and a token's shape tells more.
        var error = RefreshToken.Parse(token) is { } refresh
            ? await RevokeRefreshTokenAsync(refresh, client, cancel)
            : await RevokeAccessTokenAsync(token, client, cancel);
        return error is null ? new RevocationOutcome.Done(client) : new RevocationOutcome.Refused(error, client);
    }

    /// <summary>Any generation of the family, also a replaced one: whoever gives one back wants none of them used.</summary>
    private async Task<ProtocolError?> RevokeRefreshTokenAsync(RefreshToken presented, Client client, CancellationToken cancel)
    {
        if (await families.FindAsync(presented.Handle, cancel) is not { } family)
            return null;
        if (family.Grant.ClientId != client.ClientId)
            return NotYours;
        if (!family.Ended)
            await revocations.RevokeGrantAsync(family.Grant.Id, cancel);
        return null;
    }

    private async Task<ProtocolError?> RevokeAccessTokenAsync(string token, Client client, CancellationToken cancel)
    {
        if (await tokens.FindAsync(token, cancel) is { } content)
        {
            if (content.ClientId != client.ClientId)
                return NotYours;
            await revocations.RevokeTokenAsync(content.Jti, content.GrantId, content.ExpiresAt, cancel);
            return null;
        }
        return await idTokens.ReadAsync(token) is null ? null : new ProtocolError("unsupported_token_type", "An ID token cannot be revoked.");
    }

    private static ProtocolError NotYours => ProtocolError.InvalidRequest("The token was not issued to this client.");
}

/// <summary>What came of a revocation.</summary>
public abstract record RevocationOutcome
{
    private RevocationOutcome() { }

    public sealed record Done(Client Client) : RevocationOutcome;

    /// <param name="Client">Null until it is proven.</param>
    public sealed record Refused(ProtocolError Error, Client? Client) : RevocationOutcome;
}
