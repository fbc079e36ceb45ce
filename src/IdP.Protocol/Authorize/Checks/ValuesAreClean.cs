namespace IdP.Protocol.Authorize.Checks;

/// <summary>RFC 6749 appendix A: values are visible characters, here of bounded length. They are returned exactly or refused, never shortened.</summary>
internal static class ValuesAreClean
{
    /// <summary>All of it is kept while the person signs in.</summary>
    private const int LongestRequest = 12_000;

    public static ValueTask<ProtocolError?> Check(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel)
    {
        var total = 0;
        foreach (var (name, value) in draft.Sent.All)
        {
            if ((total += name.Length + value.Length) > LongestRequest)
                return new(ProtocolError.InvalidRequest($"The request is longer than {LongestRequest} characters."));
            if (!AuthorizeParameters.Limits.TryGetValue(name, out var limit))
                continue;
            if (value.Length > limit)
                return new(ProtocolError.InvalidRequest($"{name} is longer than {limit} characters."));
            if (!AuthorizeParameters.IsCleanText(value))
                return new(ProtocolError.InvalidRequest($"{name} contains control characters or broken text."));
        }
        return default;
    }
}
