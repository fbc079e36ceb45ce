using IdP.Protocol.Clients;
using IdP.Protocol.Tokens;

namespace IdP.Protocol.Token.Grants;

/// <summary>One grant_type: proves what was granted and uses it up.</summary>
internal interface ITokenGrant
{
    string Type { get; }

    Task<GrantAnswer> RedeemAsync(GrantCall call, CancellationToken cancel);
}

/// <summary>A request whose client is proven and may use the grant.</summary>
internal sealed record GrantCall(Client Client, string Method, Parameters Form, ScopeCatalogue Catalogue)
{
    /// <summary>The grant without what has since been taken from the client, or from this server.</summary>
    public Grant Today(Grant grant)
    {
        List<string> scopes = [];
        foreach (var name in grant.Scopes)
        {
            if (name == ScopeCatalogue.OfflineAccess ? Client.MayStayOffline : Client.AllowedScopes.Contains(name) && Catalogue.Find(name) is not null)
                scopes.Add(name);
        }
        return scopes.Count == grant.Scopes.Count ? grant : grant with { Scopes = scopes };
    }
}

internal abstract record GrantAnswer
{
    private GrantAnswer() { }

    /// <param name="Grant">Null where no person is involved.</param>
    internal sealed record Given(IReadOnlyList<string> Scopes, Grant? Grant = null, Person? Person = null, string? Nonce = null, string? RefreshToken = null) : GrantAnswer;

    internal sealed record Refused(ProtocolError Error) : GrantAnswer;

    public static Refused InvalidGrant(string why) => new(ProtocolError.InvalidGrant(why));
}
