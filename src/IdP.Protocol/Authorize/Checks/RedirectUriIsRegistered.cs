namespace IdP.Protocol.Authorize.Checks;

/// <summary>OIDC Core §3.1.2.1, RFC 9700 §4.1.3: the redirect URI equals a registered one, character by character. Missing or other: a page, no redirect.</summary>
internal static class RedirectUriIsRegistered
{
    public static ValueTask<ProtocolError?> Check(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel)
    {
        if (draft.Sent.WasRepeated("redirect_uri"))
            return new(ProtocolError.InvalidRequest("redirect_uri was sent more than once."));
        if (draft.Sent["redirect_uri"] is not { } uri)
            return new(ProtocolError.InvalidRequest("redirect_uri is missing."));
        if (uri.Length > AuthorizeParameters.Limits["redirect_uri"] || !RedirectUris.Matches(uri, draft.ProvenClient.RedirectUris))
            return new(ProtocolError.InvalidRequest("redirect_uri is not registered for this client."));

        // From here on errors go to the client; what cannot be trusted to travel back unchanged does not travel.
        var mode = draft.Sent["response_mode"] is "form_post" && !draft.Sent.WasRepeated("response_mode") ? "form_post" : "query";
        draft.Target = new ResponseTarget(uri, mode, ReturnableState(draft.Sent));
        return default;
    }

    private static string? ReturnableState(Parameters sent) =>
        sent["state"] is { } state && !sent.WasRepeated("state") && AuthorizeParameters.Fits("state", state) && AuthorizeParameters.IsCleanText(state)
            ? state
            : null;
}
