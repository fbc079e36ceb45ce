using IdP.Protocol.Authorize;
using IdP.Protocol.Tokens;

namespace IdP.Protocol.Token.Grants;

/// <summary>RFC 6749 §4.4: a confidential client for itself. Scopes about a person have nobody to be about.</summary>
internal sealed class ClientCredentialsGrant : ITokenGrant
{
    public string Type => "client_credentials";

    public Task<GrantAnswer> RedeemAsync(GrantCall call, CancellationToken cancel) => Task.FromResult(Redeem(call));

    private static GrantAnswer Redeem(GrantCall call)
    {
        if (call.Method == "none")
            return new GrantAnswer.Refused(ProtocolError.UnauthorizedClient("client_credentials needs a client secret."));
        var allowed = call.Client.AllowedScopes;
        List<string> scopes = [];
        if (call.Form["scope"] is not { } asked)
        {
            // §3.3: without a scope, all that the client may have.
            for (var i = 0; i < allowed.Count; i++)
            {
                if (!IsPersonal(allowed[i]) && call.Catalogue.Find(allowed[i]) is not null)
                    scopes.Add(allowed[i]);
            }
            return new GrantAnswer.Given(scopes);
        }
        foreach (var name in AuthorizeParameters.Words(asked))
        {
            if (IsPersonal(name) || !allowed.Contains(name) || call.Catalogue.Find(name) is null)
                return new GrantAnswer.Refused(ProtocolError.InvalidScope("A scope is unknown, not allowed for this client, or about a person."));
            if (!scopes.Contains(name))
                scopes.Add(name);
        }
        return new GrantAnswer.Given(scopes);
    }

    private static bool IsPersonal(string name) => ScopeCatalogue.IsStandard(name);
}
