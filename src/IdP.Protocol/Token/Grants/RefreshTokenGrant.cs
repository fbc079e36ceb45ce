using System.Security.Cryptography;
using IdP.Protocol.Authorize;

namespace IdP.Protocol.Token.Grants;

/// <summary>
/// RFC 6749 §6, RFC 9700 §4.14.2: every use replaces the token. The replaced one, from the same client within a few seconds, gets the same successor again
/// - the answer may have been lost; later, or an older one, is theft: the whole family ends.
/// </summary>
internal sealed class RefreshTokenGrant(IRefreshFamilies families, IRevocations revocations, IPeople people, ProtocolOptions options, TimeProvider time) : ITokenGrant
{
    // A lost race is decided by the second look; the third is for a store that answers from a replica.
    private const int Looks = 3;

    public string Type => "refresh_token";

    public async Task<GrantAnswer> RedeemAsync(GrantCall call, CancellationToken cancel)
    {
        if (call.Form["refresh_token"] is not { } text)
            return new GrantAnswer.Refused(ProtocolError.InvalidRequest("refresh_token is missing."));
        if (RefreshToken.Parse(text) is not { } presented)
            return Unusable;

        for (var look = 0; look < Looks; look++)
        {
            var family = await families.FindAsync(presented.Handle, cancel);
            if (family is null || family.Grant.ClientId != call.Client.ClientId)
                return Unusable;
            var grant = call.Today(family.Grant);
            if (grant.Scopes.Count == 0 || !Lives(family, grant) || revocations.IsRevoked("", grant.Id, null)
                || revocations.IsWithdrawn(grant.Subject, grant.ClientId, grant.GivenAt) || await people.FindAsync(grant.Subject, cancel) is not { } person)
                return Unusable;
            if (Narrow(call.Form["scope"], grant.Scopes) is not { } scopes)
                return new GrantAnswer.Refused(ProtocolError.InvalidScope("scope exceeds what was granted."));

            if (presented.Is(family.CurrentHash))
            {
                if (await RotateAsync(call, presented, family, cancel) is { } successor)
                    return new GrantAnswer.Given(scopes, grant, person, RefreshToken: successor.ToString());
                continue;
            }
            if (Retry(presented, family) is { } again)
                return new GrantAnswer.Given(scopes, grant, person, RefreshToken: again.ToString());
            await revocations.RevokeGrantAsync(grant.Id, cancel);
            return Unusable;
        }
        return new GrantAnswer.Refused(ProtocolError.TemporarilyUnavailable());
    }

    /// <summary>If we crash after the write the client retries with the old token and gets the same successor.</summary>
    private async Task<RefreshToken?> RotateAsync(GrantCall call, RefreshToken presented, RefreshFamily family, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var salt = RandomNumberGenerator.GetBytes(16);
        var successor = presented.Successor(salt);
        var sliding = RefreshToken.SlidingEnd(call.Client, now, family.AbsoluteExpiry);
        return await families.RotateAsync(family.Handle, presented.Hash, successor.Hash, salt, now, sliding, cancel) ? successor : null;
    }

    private RefreshToken? Retry(RefreshToken presented, RefreshFamily family)
    {
        if (!presented.Is(family.PreviousHash) || !(family.RotatedAt + options.RefreshRetryWindow >= time.GetUtcNow()))
            return null;
        var successor = presented.Successor(family.Salt);
        return successor.Is(family.CurrentHash) ? successor : null;
    }

    /// <summary>What was given for when the person is away does not live on as anything else once the client may not have that.</summary>
    private bool Lives(RefreshFamily family, Grant today)
    {
        var now = time.GetUtcNow();
        return !family.Ended && family.Grant.IsOffline == today.IsOffline && family.SlidingExpiry > now && family.AbsoluteExpiry > now
            && !revocations.IsRevoked("", today.Id, today.IsOffline ? null : today.SessionId);
    }

    /// <summary>§6: the same or less; null for more.</summary>
    private static IReadOnlyList<string>? Narrow(string? asked, IReadOnlyList<string> granted)
    {
        if (asked is null)
            return granted;
        List<string> scopes = [];
        foreach (var name in AuthorizeParameters.Words(asked))
        {
            if (!granted.Contains(name))
                return null;
            if (!scopes.Contains(name))
                scopes.Add(name);
        }
        return scopes.Count == 0 ? granted : scopes;
    }

    private static GrantAnswer.Refused Unusable => GrantAnswer.InvalidGrant("The refresh token is unknown, expired, revoked, already used or another client's.");
}
