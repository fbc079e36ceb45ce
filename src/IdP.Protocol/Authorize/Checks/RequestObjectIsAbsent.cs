namespace IdP.Protocol.Authorize.Checks;

/// <summary>OIDC Core §6.1, §6.2: request objects are not supported; ignoring one silently would drop what the client signed.</summary>
internal static class RequestObjectIsAbsent
{
    public static ValueTask<ProtocolError?> Check(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel)
    {
        if (draft.Sent["request"] is not null)
            return new(new ProtocolError("request_not_supported", "Request objects are not supported."));
        if (draft.Sent["request_uri"] is not null)
            return new(new ProtocolError("request_uri_not_supported", "Only a request_uri from the pushed authorization endpoint is supported."));
        return default;
    }
}
