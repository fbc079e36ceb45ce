namespace IdP.Protocol.Authorize.Checks;

/// <summary>OIDC Core §3.1.2.1, ui_locales: a preference; tags we do not speak are no error.</summary>
internal static class UiLocalesAreRead
{
    public static ValueTask<ProtocolError?> Check(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel)
    {
        draft.UiLocales = AuthorizeParameters.Words(draft.Sent["ui_locales"]);
        return default;
    }
}
