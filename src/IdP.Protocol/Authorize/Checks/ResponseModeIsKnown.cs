namespace IdP.Protocol.Authorize.Checks;

/// <summary>OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode: query or form_post. A mode that is refused is not answered in.</summary>
internal static class ResponseModeIsKnown
{
    public static ValueTask<ProtocolError?> Check(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel) =>
        new(draft.Sent["response_mode"] is null or "query" or "form_post" ? null : ProtocolError.InvalidRequest("response_mode must be query or form_post."));
}
