using System.Net;
using IdP.Protocol.Authorize;
using IdP.Protocol.Clients;

namespace IdP.Protocol.PushedAuthorization;

/// <summary>RFC 9126 §2: an authenticated client hands in its authorization request, which is checked as a browser's would be, and gets a short-lived name for it.</summary>
public sealed class PushedAuthorizer(ProtocolOptions options, ClientAuthentication authentication, AuthorizeReader reader, IPushedRequests pushed, TimeProvider time)
{
    /// <param name="sender">The name of the address that sends it: what a client without credentials leaves here counts against that.</param>
    public async Task<PushOutcome> PushAsync(string? authorization, Parameters form, string sender, CancellationToken cancel, IPAddress? address = null)
    {
        ArgumentNullException.ThrowIfNull(form);
        if (form.Repeated is not null)
            return new PushOutcome.Refused(ProtocolError.InvalidRequest("A parameter was sent more than once."));
        var proof = await authentication.AuthenticateAsync(authorization, form, cancel, address);
        if (proof is not ClientAuthenticationOutcome.Proven { Client: var client, Method: var method })
            return new PushOutcome.Refused(((ClientAuthenticationOutcome.Refused)proof).Error);
        if (form["request_uri"] is not null)
            return new PushOutcome.Refused(ProtocolError.InvalidRequest("request_uri cannot be pushed."));

        switch (await reader.CheckPushedAsync(form, client, cancel))
        {
            case AuthorizeOutcome.ForThePerson(var error):
                return new PushOutcome.Refused(error);
            case AuthorizeOutcome.ForTheClient(var error, _):
                return new PushOutcome.Refused(error);
            case AuthorizeOutcome.Valid(var request):
                var kept = new Dictionary<string, string>(request.Parameters, StringComparer.Ordinal) { ["client_id"] = client.ClientId };
                var handle = await pushed.StoreAsync(
                    new PushedRequest(client.ClientId, kept, time.GetUtcNow() + options.PushedRequestLifetime, Pushed: true),
                    method == "none" ? sender : null, cancel);
                return new PushOutcome.Accepted(RequestUri.For(handle), (int)options.PushedRequestLifetime.TotalSeconds);
            default:
                throw new InvalidOperationException("An outcome of reading that pushing does not know.");
        }
    }
}

/// <summary>What came of pushing a request.</summary>
public abstract record PushOutcome
{
    private PushOutcome() { }

    /// <param name="ExpiresIn">Seconds.</param>
    public sealed record Accepted(string RequestUri, int ExpiresIn) : PushOutcome;

    public sealed record Refused(ProtocolError Error) : PushOutcome;
}
