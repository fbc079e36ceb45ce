namespace IdP.Protocol.Authorize.Checks;

/// <summary>RFC 6749 §4.1.1, RFC 9700 §2.1.2: the code flow and nothing else.</summary>
internal static class ResponseTypeIsCode
{
    public static ValueTask<ProtocolError?> Check(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel) => new(draft.Sent["response_type"] switch
    {
        "code" => null,
        null => ProtocolError.InvalidRequest("response_type is missing."),
        _ => new ProtocolError("unsupported_response_type", "response_type must be code."),
    });
}
