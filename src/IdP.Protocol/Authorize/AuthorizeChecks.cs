using IdP.Protocol.Authorize.Checks;
using IdP.Protocol.Tokens;

namespace IdP.Protocol.Authorize;

/// <summary>One rule: null when it holds. What it proves it writes on the draft.</summary>
internal delegate ValueTask<ProtocolError?> AuthorizeCheck(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel);

/// <summary>What checks may look at besides the request.</summary>
internal sealed record AuthorizeWorld(IClients Clients, IScopes Scopes, IPushedRequests Pushed, IdTokenReader IdTokens, AcrLevels Acr, TimeProvider Time);

/// <summary>
/// THE LIST, in the order of RFC 6749 §4.1.2.1 and OIDC Core §3.1.2.2: until client and redirect URI are proven an error goes to the person,
/// from then on to the client.
/// </summary>
internal static class AuthorizeChecks
{
    public static readonly AuthorizeCheck[] InOrder =
    [
        ClientIsKnown.Check,
        PushedRequestIsLive.Check,
        RedirectUriIsRegistered.Check,
        NothingIsRepeated.Check,
        ValuesAreClean.Check,
        RequestObjectIsAbsent.Check,
        PushingIsHonoured.Check,
        ResponseTypeIsCode.Check,
        ResponseModeIsKnown.Check,
        GrantTypeIsAllowed.Check,
        ScopeIsAllowed.Check,
        PkceIsSound.Check,
        PromptIsConsistent.Check,
        MaxAgeIsANumber.Check,
        AcrValuesAreRead.Check,
        ClaimsAreRead.Check,
        UiLocalesAreRead.Check,
        IdTokenHintIsOurs.Check,
    ];
}
