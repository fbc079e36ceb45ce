namespace IdP.Protocol.Authorize.Checks;

/// <summary>OIDC Core §3.1.2.1, acr_values: a wish list in order of preference; names we do not know are no obstacle.</summary>
internal static class AcrValuesAreRead
{
    public static ValueTask<ProtocolError?> Check(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel)
    {
        draft.AcrValues = [.. AuthorizeParameters.Words(draft.Sent["acr_values"]).Where(world.Acr.Knows).Distinct(StringComparer.Ordinal)];
        return default;
    }
}
