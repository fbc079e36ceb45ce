using IdP.Protocol.Authorize;

namespace IdP.Protocol.Token.Grants;

/// <summary>RFC 6749 §4.1.3, RFC 7636 §4.5, OIDC Core §3.1.3: a code, once, by the client it was given to, with the verifier of its challenge.</summary>
internal sealed class AuthorizationCodeGrant(ICodes codes, IRevocations revocations, IPeople people, TimeProvider time) : ITokenGrant
{
    private const int LongestCode = 128;

    public string Type => "authorization_code";

    public async Task<GrantAnswer> RedeemAsync(GrantCall call, CancellationToken cancel)
    {
        if (call.Form["code"] is not { } code)
            return new GrantAnswer.Refused(ProtocolError.InvalidRequest("code is missing."));
        if (code.Length > LongestCode)
            return Unusable;
        if (await codes.FindAsync(code, cancel) is not { } content)
        {
            await codes.NoteReplayAsync(code, cancel);
            return Unusable;
        }

        var grant = call.Today(content.Grant);
        if (grant.Scopes.Count == 0 || grant.ClientId != call.Client.ClientId || content.ExpiresAt <= time.GetUtcNow())
            return Unusable;
        if (call.Form["redirect_uri"] != content.RedirectUri)
            return GrantAnswer.InvalidGrant("redirect_uri differs from the one in the authorization request.");
        if (!Pkce.Holds(content.CodeChallenge, call.Form["code_verifier"]))
            return GrantAnswer.InvalidGrant("code_verifier does not fit the code_challenge.");
        // Asked before the code is used up: when revocations cannot be known, the client may come again with it.
        if (revocations.IsRevoked("", grant.Id, grant.SessionId) || revocations.IsWithdrawn(grant.Subject, grant.ClientId, grant.GivenAt)
            || await people.FindAsync(grant.Subject, cancel) is not { } person)
            return Unusable;

        // Nothing is lost if we crash after this write: the code is gone, the person signs in again.
        var refresh = call.Client.AllowedGrantTypes.Contains("refresh_token") ? RefreshToken.New() : null;
        return await codes.ConsumeAsync(code, content with { Grant = grant }, refresh?.Family(call.Client, grant, time.GetUtcNow()), cancel)
            ? new GrantAnswer.Given(grant.Scopes, grant, person, content.Nonce, refresh?.ToString())
            : Unusable;
    }

    private static GrantAnswer.Refused Unusable => GrantAnswer.InvalidGrant("The code is unknown, expired, already used or another client's.");
}
