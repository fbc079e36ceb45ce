using System.Net;
using IdP.Protocol.Clients;
using IdP.Protocol.Token.Grants;
using IdP.Protocol.Tokens;

namespace IdP.Protocol.Introspection;

/// <summary>
/// RFC 7662: tells a confidential client what a token is worth - its own token, or one that names it as audience. Anybody else, and any token that is not good, gets
/// the same "not active".
/// </summary>
public sealed class Introspector(
    ProtocolOptions options, ClientAuthentication authentication, AccessTokenReader tokens, IRefreshFamilies families, IRevocations revocations, IClients clients, IScopes scopes,
    IPeople people, TimeProvider time)
{
    private const string UserName = "preferred_username";
    private const string Email = "email";

    private static readonly IntrospectionOutcome.Inactive NotActive = new();

    public async ValueTask<IntrospectionOutcome> RunAsync(string? authorization, Parameters form, CancellationToken cancel, IPAddress? address = null)
    {
        ArgumentNullException.ThrowIfNull(form);
        if (form.Repeated is not null)
            return Refused(ProtocolError.InvalidRequest("A parameter was sent more than once."));
        var proof = await authentication.AuthenticateAsync(authorization, form, cancel, address);
        if (proof is not ClientAuthenticationOutcome.Proven { Client: var caller, Method: var method })
            return Refused(((ClientAuthenticationOutcome.Refused)proof).Error);
        // §2.1: a caller that proves nothing could be anybody scanning for tokens.
        if (method == "none")
            return Refused(ProtocolError.InvalidClient("Introspection needs a client secret."));
        if (form["token"] is not { } token)
            return Refused(ProtocolError.InvalidRequest("token is missing."));

        if (RefreshToken.Parse(token) is { } refresh)
            return await OfRefreshTokenAsync(refresh, caller, cancel);
        if (await tokens.ReadAsync(token, cancel) is not { } content || !(content.ClientId == caller.ClientId || content.Audience.Contains(caller.ClientId)))
            return NotActive;
        // A client that was removed or disabled holds no active token either.
        if (content.ClientId != caller.ClientId && await clients.FindAsync(content.ClientId, cancel) is not { Enabled: true })
            return NotActive;
        return await ActiveAsync(content, "Bearer", caller, cancel);
    }

    private async ValueTask<IntrospectionOutcome> OfRefreshTokenAsync(RefreshToken presented, Client caller, CancellationToken cancel)
    {
        var family = await families.FindAsync(presented.Handle, cancel);
        var now = time.GetUtcNow();
        if (family is null || family.Grant.ClientId != caller.ClientId || !presented.Is(family.CurrentHash)
            || family.Ended || family.SlidingExpiry <= now || family.AbsoluteExpiry <= now)
            return NotActive;
        var grant = family.Grant;
        if (revocations.IsRevoked("", grant.Id, grant.IsOffline ? null : grant.SessionId))
            return NotActive;
        return await ActiveAsync(new AccessTokenContent
        {
            Jti = $"{grant.Id}~",
            ClientId = grant.ClientId,
            Subject = grant.Subject,
            Audience = [options.Issuer],
            Scopes = grant.Scopes,
            IssuedAt = family.RotatedAt ?? grant.AuthTime,
            ExpiresAt = family.SlidingExpiry,
            SessionId = grant.SessionId,
            AuthTime = grant.AuthTime,
            Acr = grant.Acr,
            Amr = grant.Amr,
            UserInfoClaims = grant.UserInfoClaims,
        }, null, caller, cancel);
    }

    /// <summary>A person who was disabled holds no active token.</summary>
    private async ValueTask<IntrospectionOutcome> ActiveAsync(AccessTokenContent content, string? type, Client caller, CancellationToken cancel)
    {
        if (content.GrantId is null)
            return new IntrospectionOutcome.Active(options.Issuer, content, type, null);
        if (await people.FindAsync(content.Subject, cancel) is not { } person)
            return NotActive;
        var catalogue = await scopes.GetAsync(cancel);
        // A resource server the token was made for finds its account by the name; anybody else is told what userinfo would tell.
        var name = content.Audience.Contains(caller.ClientId) || Opens(content, catalogue, UserName) ? person.Claims.GetValueOrDefault(UserName) as string : null;
        return new IntrospectionOutcome.Active(options.Issuer, content, type, name, Opens(content, catalogue, Email) ? EmailOf(person) : null);
    }

    private static bool Opens(AccessTokenContent content, ScopeCatalogue catalogue, string claim)
    {
        if (content.UserInfoClaims.Contains(claim))
            return true;
        for (var i = 0; i < content.Scopes.Count; i++)
        {
            if (catalogue.Find(content.Scopes[i])?.Claims?.Contains(claim) is true)
                return true;
        }
        return false;
    }

    private static IntrospectionOutcome.PersonEmail? EmailOf(Person person) => person.Claims.GetValueOrDefault(Email) is string address
        ? new(address, person.Claims.GetValueOrDefault("email_verified") is true)
        : null;

    private static IntrospectionOutcome.Refused Refused(ProtocolError error) => new(error);
}
