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
internal sealed record GrantCall(Client Client, string Method, Parameters Form, ScopeCatalogue Catalogue);

internal abstract record GrantAnswer
{
    private GrantAnswer() { }

    /// <param name="Grant">Null where no person is involved.</param>
    internal sealed record Given(IReadOnlyList<string> Scopes, Grant? Grant = null, Person? Person = null, string? Nonce = null, string? RefreshToken = null) : GrantAnswer;

    internal sealed record Refused(ProtocolError Error) : GrantAnswer;

    public static Refused InvalidGrant(string why) => new(ProtocolError.InvalidGrant(why));
}
