namespace IdP.Protocol.Authorize.Checks;

/// <summary>RFC 7636 §4.3, RFC 9700 §2.1.1: S256 only; public clients always, confidential ones unless switched off.</summary>
internal static class PkceIsSound
{
    // base64url of 32 bytes.
    private const int ChallengeLength = 43;

    private static readonly ProtocolError Missing = ProtocolError.InvalidRequest(
        "code_challenge is missing. An app that cannot do PKCE is registered with --no-pkce (requirePkce: false), if it has a client secret.");

    public static ValueTask<ProtocolError?> Check(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel)
    {
        var client = draft.ProvenClient;
        var challenge = draft.Sent["code_challenge"];
        var method = draft.Sent["code_challenge_method"];
        if (challenge is null)
        {
            return new(!client.RequireClientSecret || (method is not null && !client.RequirePkce)
                ? ProtocolError.InvalidRequest("code_challenge is missing.")
                : client.RequirePkce ? Missing : null);
        }
        // Without a method the standard means plain.
        if (method != "S256")
            return new(ProtocolError.InvalidRequest("code_challenge_method must be S256."));
        if (challenge.Length != ChallengeLength || challenge.AsSpan().ContainsAnyExcept(Pkce.Base64UrlCharacters))
            return new(ProtocolError.InvalidRequest("code_challenge must be 43 characters of base64url."));
        draft.CodeChallenge = challenge;
        return default;
    }
}
