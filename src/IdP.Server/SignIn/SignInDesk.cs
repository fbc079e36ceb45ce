using IdP.Protocol.Authorize;
using IdP.Protocol.Tokens;
using IdP.Server.Accounts;
using IdP.Server.DeviceTrust;
using IdP.Server.Factors;
using IdP.Server.Hosting;
using IdP.Server.StepUp;
using IdP.Server.Storage;

namespace IdP.Server.SignIn;

/// <summary>A sign-in in progress as one request finds it: what is kept, what the decider saw, and what it said.</summary>
internal sealed record SignInAt(FoundSignIn Kept, Situation Situation, NextStep Next)
{
    public SignInProgress Progress => Kept.Value;
    /// <summary>Its name in the addresses of pages.</summary>
    public string Tx => Kept.Tx;
    public AuthorizeRequest Request => Situation.Request;
}

/// <summary>
/// Where every step of every sign-in begins: finds the progress of this browser, has the app's request checked again, gathers the situation and
/// asks the decider. Pages get nothing else to decide with.
/// </summary>
internal sealed class SignInDesk(
    SignIns signIns, AuthorizeReader reader, Sessions sessions, Users users, Consents consents,
    GuardingFactors guarding, SecondFactors factors, BindingPolicies policies, BrowserTrust trust, AcrLevels levels, IdpOptions options, IdpCookies cookies, TimeProvider clock)
{
    /// <summary>Null when there is nothing to go on with: unknown, over, another browser's, or its client is gone.</summary>
    public async Task<SignInAt?> OpenAsync(HttpContext context, string? tx)
    {
        var cancel = context.RequestAborted;
        if (await signIns.FindAsync(context, tx, cancel) is not { } kept)
            return null;
        if (await reader.RecheckAsync(kept.Value.Parameters, kept.Value.PushedHandle, cancel) is not AuthorizeOutcome.Valid { Request: var request })
            return null;
        var situation = await LookAsync(context, request, kept.Value);
        return new SignInAt(kept with { Person = kept.Person ?? situation.Person?.Id }, situation, SignInFlow.Next(situation));
    }

    public async Task<Situation> LookAsync(HttpContext context, AuthorizeRequest request, SignInProgress? progress)
    {
        var cancel = context.RequestAborted;
        var session = await sessions.FindAsync(cookies.SessionHandle(context), cancel);
        var person = (progress?.UserId ?? session?.UserId) is { } userId ? await users.FindAsync(userId, cancel) : null;
        if (person is { Disabled: true })
            person = null;
        // What was bound in this sign-in on another node a moment ago, or proven after an ending there: seconds are too long to wait for it.
        if (person is not null && progress?.UserId is not null && !(progress.Proofs.Epoch == person.Epoch && progress.Proofs.Factors.All(person.Holds)))
        {
            users.Forget(person.Id);
            person = await users.FindAsync(person.Id, cancel) is { Disabled: false } again ? again : null;
        }

        var consented = person is not null && request.Client.RequireConsent
            ? await consents.FindAsync(person.Id, request.Client.ClientId, cancel)
            : [];
        return new Situation
        {
            Request = request,
            Progress = progress,
            Session = session,
            Person = person,
            TrustedDevice = person is { BoundFactors.Count: > 0 } ? await trust.RecogniseAsync(context, person.Id, cancel) : null,
            ConsentedScopes = consented,
            BindingPolicies = await policies.GetAsync(cancel),
            Bindable = policies.Bindable,
            BindOnDemand = options.Acr.BindOnDemand,
            Ways = factors.Ways,
            AcceptedFactors = guarding.Accepted,
            Fallbacks = guarding.Fallbacks,
            Levels = levels,
            Now = clock.GetUtcNow(),
        };
    }

    /// <summary>What would come next if the sign-in stood like this.</summary>
    public async Task<NextStep> NextAsync(HttpContext context, AuthorizeRequest request, SignInProgress progress) =>
        SignInFlow.Next(await LookAsync(context, request, progress));

    /// <summary>The page of a step; what finishes is the continue endpoint's.</summary>
    public static string PathOf(NextStep step, string tx) => step switch
    {
        NextStep.Password => "/sign-in?tx=" + tx,
        NextStep.Verify => "/verify?tx=" + tx,
        NextStep.Bind => "/bind?tx=" + tx,
        NextStep.Consent => "/consent?tx=" + tx,
        _ => ContinuePath(tx),
    };

    public static string ContinuePath(string tx) => "/connect/continue?tx=" + tx;

    public static ClientCard CardOf(AuthorizeRequest request)
    {
        var client = request.Client;
        return new ClientCard(client.ClientName ?? client.ClientId, client.LogoUri, client.PolicyUri, client.TosUri);
    }
}
