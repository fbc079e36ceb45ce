namespace IdP.Protocol.Authorize.Checks;

/// <summary>RFC 6749 appendix A: values are visible characters, here of bounded length. They are returned exactly or refused, never shortened.</summary>
internal static class ValuesAreClean
{
    public static ValueTask<ProtocolError?> Check(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel)
    {
        if (PercentEncoded.Length(draft.Sent.All) > AuthorizeParameters.LongestRequest)
            return new(ProtocolError.InvalidRequest($"The request is longer than {AuthorizeParameters.LongestRequest} characters, percent-encoded."));
        foreach (var (name, value) in draft.Sent.All)
        {
            if (!AuthorizeParameters.Limits.TryGetValue(name, out var limit))
                continue;
            if (!AuthorizeParameters.Fits(name, value))
                return new(ProtocolError.InvalidRequest($"{name} is longer than {limit} characters{(name == "state" ? ", percent-encoded" : "")}."));
            if (!AuthorizeParameters.IsCleanText(value))
                return new(ProtocolError.InvalidRequest($"{name} contains control characters or broken text."));
        }
        return default;
    }
}
