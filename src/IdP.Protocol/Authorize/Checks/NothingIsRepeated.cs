namespace IdP.Protocol.Authorize.Checks;

/// <summary>RFC 6749 §3.1: request parameters must not be included more than once.</summary>
internal static class NothingIsRepeated
{
    public static ValueTask<ProtocolError?> Check(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel) =>
        new(draft.Sent.Repeated is null ? null : ProtocolError.InvalidRequest("A parameter was sent more than once."));
}
