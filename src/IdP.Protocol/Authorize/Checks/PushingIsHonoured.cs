namespace IdP.Protocol.Authorize.Checks;

/// <summary>RFC 9126 §5, require_pushed_authorization_requests: such a client's requests come by the back channel or not at all.</summary>
internal static class PushingIsHonoured
{
    public static ValueTask<ProtocolError?> Check(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel) =>
        new(draft.ProvenClient.RequirePushedAuthorization && !draft.Pushed
            ? ProtocolError.InvalidRequest("This client must use pushed authorization requests.")
            : null);
}
