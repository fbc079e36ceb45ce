using IdP.Protocol.PushedAuthorization;

namespace IdP.Protocol.Authorize.Checks;

/// <summary>RFC 9126 §4: a request_uri that we issued stands for the parameters behind it; it is bound to its client and lives shortly.</summary>
internal static class PushedRequestIsLive
{
    private static readonly ProtocolError NotLive = new("invalid_request_uri", "The request_uri is unknown, expired or already used.");

    public static async ValueTask<ProtocolError?> Check(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel)
    {
        if (draft.Rechecking || draft.Pushed)
            return null;
        // Sent twice, and one of them may be ours: whoever made this request, its answer is nobody's.
        if (draft.Sent.WasRepeated("request_uri"))
            return ProtocolError.InvalidRequest("request_uri was sent more than once.");
        if (RequestUri.HandleOf(draft.Sent["request_uri"]) is not { } handle)
            return null;

        var pushed = RequestUri.IsWellFormed(handle) ? await world.Pushed.FindAsync(handle, cancel) : null;
        if (pushed is null || pushed.ClientId != draft.ProvenClient.ClientId)
            return NotLive;

        // RFC 9101 §5: parameters beside the request_uri do not count.
        draft.Sent = new Parameters(pushed.Parameters);
        draft.Pushed = pushed.Pushed;
        draft.PushedHandle = pushed.Pushed ? handle : null;
        return null;
    }
}
