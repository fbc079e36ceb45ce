using IdP.Protocol.Clients;
using IdP.Protocol.Tokens;

namespace IdP.Protocol.Authorize;

/// <summary>Reads authorize requests by running <see cref="AuthorizeChecks.InOrder"/>. Bad input is an outcome; only an outage throws.</summary>
public sealed class AuthorizeReader(IClients clients, IScopes scopes, IPushedRequests pushed, IdTokenReader idTokens, AcrLevels acr, TimeProvider time)
{
    private readonly AuthorizeWorld world = new(clients, scopes, pushed, idTokens, acr, time);

    /// <summary>A request as a browser brought it, by query or by form.</summary>
    public Task<AuthorizeOutcome> ReadAsync(Parameters sent, CancellationToken cancel) => RunAsync(new AuthorizeDraft(sent), cancel);

    /// <summary>
    /// The same rules over the parameters a sign-in in progress has kept (<see cref="AuthorizeRequest.Parameters"/>): the client may have been changed
    /// meanwhile. The pushed request is not looked up again; its handle only travels along.
    /// </summary>
    public Task<AuthorizeOutcome> RecheckAsync(IReadOnlyDictionary<string, string> keptParameters, string? pushedHandle, CancellationToken cancel) =>
        RunAsync(new AuthorizeDraft(new Parameters(keptParameters)) { Rechecking = true, Pushed = pushedHandle is not null, PushedHandle = pushedHandle }, cancel);

    /// <summary>RFC 9126 §2.1: the authenticated client hands in the parameters itself.</summary>
    internal Task<AuthorizeOutcome> CheckPushedAsync(Parameters sent, Client client, CancellationToken cancel) =>
        RunAsync(new AuthorizeDraft(sent) { Client = client, Pushed = true }, cancel);

    private async Task<AuthorizeOutcome> RunAsync(AuthorizeDraft draft, CancellationToken cancel)
    {
        foreach (var check in AuthorizeChecks.InOrder)
        {
            if (await check(draft, world, cancel) is { } error)
                return draft.Refused(error);
        }
        return draft.Accepted();
    }
}
