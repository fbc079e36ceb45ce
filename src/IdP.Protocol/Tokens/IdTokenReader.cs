using Microsoft.IdentityModel.JsonWebTokens;

namespace IdP.Protocol.Tokens;

/// <summary>Reads an id_token that a client hands back as a hint: our signature, our issuer, any age.</summary>
public sealed class IdTokenReader(ProtocolOptions options, ISigningKeys keys, TimeProvider time)
{
    private const int LongestToken = 8192;

    private readonly JsonWebTokenHandler handler = new();
    private readonly ValidationRules rules = new(options, keys, time);

    /// <summary>Null when it is not an id_token of ours; neither an access token nor a signed userinfo answer is one: that has no exp and no sid.</summary>
    public async ValueTask<IdTokenContent?> ReadAsync(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        if (token.Length > LongestToken || token.AsSpan().Count('.') != 2)
            return null;
        var result = await handler.ValidateTokenAsync(token, rules.Current.IdTokens);
        return result is { IsValid: true, SecurityToken: JsonWebToken { Subject.Length: > 0 } jwt }
            && jwt.TryGetPayloadValue<long>("exp", out _) && jwt.TryGetPayloadValue<string>("sid", out var sid) && sid is { Length: > 0 }
            ? new IdTokenContent(jwt.Subject, [.. jwt.Audiences], sid)
            : null;
    }
}

/// <param name="SessionId">The sid claim: which browser session it was issued in.</param>
public sealed record IdTokenContent(string Subject, IReadOnlyList<string> Audience, string SessionId);
