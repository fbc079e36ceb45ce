namespace IdP.Protocol.Authorize;

/// <summary>RFC 6749 §4.1.2: authorization codes of 256 random bits that live for at most 60 seconds.</summary>
public sealed class CodeIssuer(ICodes codes, TimeProvider time)
{
    private const int LongestLife = 60;

    /// <summary>Stores what the code stands for and returns the code. A pushed request must have been taken before (<see cref="IPushedRequests.TakeAsync"/>).</summary>
    public Task<string> IssueAsync(AuthorizeRequest request, Grant grant, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(grant);
        return codes.StoreAsync(new CodeContent
        {
            Grant = grant,
            RedirectUri = request.Target.RedirectUri,
            Nonce = request.Nonce,
            CodeChallenge = request.CodeChallenge,
            ExpiresAt = time.GetUtcNow().AddSeconds(Math.Clamp(request.Client.AuthorizationCodeLifetime, 1, LongestLife)),
        }, cancel);
    }
}
