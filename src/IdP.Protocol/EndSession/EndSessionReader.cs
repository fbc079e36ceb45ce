using IdP.Protocol.Authorize;
using IdP.Protocol.Clients;
using IdP.Protocol.Tokens;

namespace IdP.Protocol.EndSession;

/// <summary>
/// RP-Initiated Logout 1.0 §2: who wants to be signed out, whether the person must be asked, and where to go afterwards. Nothing here is an error page: a request that
/// cannot be trusted still lets the person sign out - after asking, and without leaving this server.
/// </summary>
public sealed class EndSessionReader(IClients clients, IdTokenReader idTokens)
{
    public async Task<EndSessionRequest> ReadAsync(Parameters sent, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(sent);
        if (sent.Repeated is not null)
            return EndSessionRequest.Untrusted("A parameter was sent more than once.");
        if (PercentEncoded.Length(sent.All) > AuthorizeParameters.LongestRequest)
            return EndSessionRequest.Untrusted($"The request is longer than {AuthorizeParameters.LongestRequest} characters, percent-encoded.");
        var locales = AuthorizeParameters.Words(sent["ui_locales"] is { Length: <= 500 } tags ? tags : null);

        IdTokenContent? hint = null;
        if (sent["id_token_hint"] is { } token && (hint = await idTokens.ReadAsync(token)) is null)
            return EndSessionRequest.Untrusted("id_token_hint is not an ID token of this issuer.") with { UiLocales = locales };
        var named = sent["client_id"];
        if (hint is not null && named is not null && !hint.Audience.Contains(named))
            return EndSessionRequest.Untrusted("client_id is not the audience of id_token_hint.") with { UiLocales = locales };

        var clientId = named ?? (hint?.Audience is [var only] ? only : null);
        var client = clientId is { Length: <= 200 } && await clients.FindAsync(clientId, cancel) is { Enabled: true } found ? found : null;
        var request = new EndSessionRequest { Client = client, HintedSubject = hint?.Subject, HintedSessionId = hint?.SessionId, UiLocales = locales };

        if (sent["post_logout_redirect_uri"] is not { } uri)
            return request;
        // §3: exactly as registered, and only when the hint or the client_id says whose it is. A native app's loopback port may differ here too.
        if (client is null || uri.Length > AuthorizeParameters.Limits["redirect_uri"] || !RedirectUris.Matches(uri, client.PostLogoutRedirectUris))
            return request with { Problem = ProtocolError.InvalidRequest("post_logout_redirect_uri is not registered for this client.") };
        if (sent["state"] is not { } state)
            return request with { RedirectTo = uri };
        return AuthorizeParameters.Fits("state", state) && AuthorizeParameters.IsCleanText(state)
            ? request with { RedirectTo = AuthorizeResponse.Appended(uri, [new("state", state)]) }
            : request with { Problem = ProtocolError.InvalidRequest("state is too long or contains control characters.") };
    }
}
