namespace IdP.Protocol.Authorize.Checks;

/// <summary>RFC 6749 §4.1.2.1, unauthorized_client: the client may use the code flow.</summary>
internal static class GrantTypeIsAllowed
{
    public static ValueTask<ProtocolError?> Check(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel) =>
        new(draft.ProvenClient.AllowedGrantTypes.Contains("authorization_code")
            ? null
            : ProtocolError.UnauthorizedClient("This client may not use authorization_code."));
}
