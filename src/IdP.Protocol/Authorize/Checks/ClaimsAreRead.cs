using IdP.Protocol.Tokens;

namespace IdP.Protocol.Authorize.Checks;

/// <summary>OIDC Core §5.5: the claims parameter. An essential acr is a demand (§5.5.1.1); a sub with a value names the person (§5.5.1).</summary>
internal static class ClaimsAreRead
{
    public static async ValueTask<ProtocolError?> Check(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel)
    {
        if (draft.Sent["claims"] is not { } json)
            return null;
        if (!RequestedClaims.TryParse(json, out var requested))
            return ProtocolError.InvalidRequest("claims is not the JSON object that OpenID Connect Core 5.5 describes.");

        var allowed = await OpenToAsync(draft, world, cancel);
        draft.UserInfoClaims = [.. requested.UserInfo.Where(allowed.Contains)];
        draft.IdTokenClaims = [.. requested.IdToken.Where(allowed.Contains)];
        draft.HintedSubject = requested.Subject;
        if (requested.AcrIsEssential)
            draft.EssentialAcr = requested.AcrNames;
        else if (draft.AcrValues.Count == 0)
            draft.AcrValues = [.. requested.AcrNames.Where(world.Acr.Knows)];
        return null;
    }

    /// <summary>
    /// Asking by name opens no door that scopes keep shut: a claim is given when some scope the client may have covers it.
    /// Where people consent, they consent to scopes, so there it must be a scope they are being asked about.
    /// </summary>
    private static async ValueTask<HashSet<string>> OpenToAsync(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel)
    {
        var catalogue = await world.Scopes.GetAsync(cancel);
        var client = draft.ProvenClient;
        var scopes = client.RequireConsent ? draft.Scopes : client.AllowedScopes;
        return [.. scopes.SelectMany(name => catalogue.Find(name)?.Claims ?? []).Where(claim => claim != "sub")];
    }
}
