using IdP.Protocol.Tokens;

namespace IdP.Protocol.Authorize.Checks;

/// <summary>RFC 6749 §3.3: every scope is known here and allowed to this client; without any there is nothing to ask the person for.</summary>
internal static class ScopeIsAllowed
{
    public static async ValueTask<ProtocolError?> Check(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel)
    {
        var catalogue = await world.Scopes.GetAsync(cancel);
        var client = draft.ProvenClient;
        List<string> scopes = [];
        foreach (var name in AuthorizeParameters.Words(draft.Sent["scope"]))
        {
            if (scopes.Contains(name))
                continue;
            if (name == ScopeCatalogue.OfflineAccess)
            {
                // OIDC Core §11: offline_access is ignored, not refused, where it cannot be granted. The token response says what was.
                if (client.MayStayOffline)
                    scopes.Add(name);
                continue;
            }
            if (catalogue.Find(name) is null || !client.AllowedScopes.Contains(name))
                return ProtocolError.InvalidScope("A scope is unknown or not allowed for this client.");
            scopes.Add(name);
        }
        draft.Scopes = scopes;
        return scopes.Count == 0 ? ProtocolError.InvalidScope("scope is missing.") : null;
    }
}
