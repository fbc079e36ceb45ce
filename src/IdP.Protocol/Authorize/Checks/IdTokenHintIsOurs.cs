namespace IdP.Protocol.Authorize.Checks;

/// <summary>OIDC Core §3.1.2.1, id_token_hint: signed by us for this client; that it has expired does not matter.</summary>
internal static class IdTokenHintIsOurs
{
    public static async ValueTask<ProtocolError?> Check(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel)
    {
        if (draft.Sent["id_token_hint"] is not { } hint)
            return null;
        if (await world.IdTokens.ReadAsync(hint) is not { } token || !token.Audience.Contains(draft.ProvenClient.ClientId))
            return ProtocolError.InvalidRequest("id_token_hint is not an ID token of this issuer for this client.");
        if (draft.HintedSubject is { } named && named != token.Subject)
            return ProtocolError.InvalidRequest("id_token_hint and the sub in claims name different people.");
        draft.HintedSubject = token.Subject;
        return null;
    }
}
