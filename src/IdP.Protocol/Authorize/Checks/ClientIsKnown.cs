namespace IdP.Protocol.Authorize.Checks;

/// <summary>RFC 6749 §4.1.2.1: with an invalid client identifier the person is told, and nobody is redirected.</summary>
internal static class ClientIsKnown
{
    public static async ValueTask<ProtocolError?> Check(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel)
    {
        if (draft.Sent.WasRepeated("client_id"))
            return ProtocolError.InvalidRequest("client_id was sent more than once.");
        if (draft.Client is not null)
            return null;
        if (draft.Sent["client_id"] is not { } id)
            return ProtocolError.InvalidRequest("client_id is missing.");
        if (id.Length > AuthorizeParameters.Limits["client_id"] || !AuthorizeParameters.IsCleanText(id))
            return new ProtocolError("invalid_client", "This app is not registered here.");

        draft.Client = await world.Clients.FindAsync(id, cancel) is { Enabled: true } client ? client : null;
        return draft.Client is null ? new ProtocolError("invalid_client", "This app is not registered here.") : null;
    }
}
