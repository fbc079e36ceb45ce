using System.Data.Common;
using IdP.Protocol;
using IdP.Protocol.Authorize;
using IdP.Server.Accounts;
using IdP.Server.DeviceTrust;
using IdP.Server.Hosting;
using IdP.Server.Storage;

namespace IdP.Server.SignIn;

/// <summary>Turns what the decider said last into the answer to the app: session, grant, code - or the standard's error.</summary>
internal sealed class SignInFinish(
    Sessions sessions, Users users, BrowserTrust trust, CodeIssuer codes, AuthorizeResponse responses, IPushedRequests pushed, IdpCookies cookies,
    IdpOptions options)
{
    public async Task<Ending> FinishAsync(HttpContext context, Situation situation, SignedIn who)
    {
        var cancel = context.RequestAborted;
        var request = situation.Request;
        Session? session;
        try
        {
            session = situation.Progress?.UserId is null ? await GoOnAsync(context, situation.Session!, who) : await EstablishAsync(context, situation, who);
        }
        catch (DbException problem) when (UsedMarks.IsTaken(problem))
        {
            return new Ending.Over();
        }

        if (session is null)
            return new Ending.DecideAgain();
        // RFC 9126 §4: one use. Taken here and not at the first visit, so that a reload of the page costs nothing.
        if (request.PushedHandle is { } handle && !await pushed.TakeAsync(handle, cancel))
            return new Ending.RequestUsed();

        var code = await codes.IssueAsync(request, new Grant
        {
            Id = Handles.NewId(),
            ClientId = request.Client.ClientId,
            Subject = who.UserId,
            SessionId = session.Id,
            Scopes = request.Scopes,
            AuthTime = who.AuthTime,
            Acr = who.Acr,
            Amr = who.Amr,
            // When the person's word was read: whatever they take back from then on concerns this grant too.
            GivenAt = situation.Now,
            Epoch = session.Epoch,
            SessionEndsAt = session.ExpiresAt,
            UserInfoClaims = request.UserInfoClaims,
            IdTokenClaims = request.IdTokenClaims,
        }, cancel);
        return new Ending.Answered(Answer(request.Target, responses.Success(request.Target, code)));
    }

    public FinalAnswer Refuse(ResponseTarget target, ProtocolError error) => Answer(target, responses.Error(target, error));

    private static FinalAnswer Answer(ResponseTarget target, IReadOnlyList<KeyValuePair<string, string>> fields) =>
        new(target.RedirectUri, target.ResponseMode, fields);

    // Nothing was proven: the session stays as it is. A device that now spares it the second step brought it from here on.
    private async Task<Session?> GoOnAsync(HttpContext context, Session session, SignedIn who) =>
        who.SparedBy is null || who.SparedBy == session.DeviceId || await trust.AttachAsync(context, who.UserId, who.SparedBy, session.Id) ? session : null;

    // Something was proven in this sign-in: a new handle, whoever held the old one (ASVS 7.2.4). Another person's session ends first.
    private async Task<Session?> EstablishAsync(HttpContext context, Situation situation, SignedIn who)
    {
        var cancel = context.RequestAborted;
        var own = situation.Session?.UserId == who.UserId ? situation.Session : null;
        if (situation.Session is { } other && own is null)
            await sessions.EndAsync(other.Id, other.UserId, cancel);
        // Only for the password that the session stands on: sign-ins kept from before it was changed would else each open ten more guesses at the new one.
        var counted = who.Proofs.PasswordAt == situation.Progress!.Proofs.PasswordAt ? situation.Progress.Counted : null;
        var company = InOneCommit(situation.Progress, counted ?? [], trust.Accompany(context, who.UserId, who.SparedBy, TrustedFactors(situation, who)), cancel);
        var begun = await sessions.BeginAsync(
            who.UserId, who.Proofs, context.Request.Headers.UserAgent.ToString(), context.Connection.RemoteIpAddress?.ToString(), own, cancel, company);
        if (begun is not var (session, handle))
        {
            users.Forget(who.UserId);
            return null;
        }

        cookies.SetSession(context, handle);
        await company.Committed();
        return session;
    }

    // One wait for the disk less than a commit of its own. A password that was changed since begins no session, and so has nothing forgotten either.
    // The mark is durable because the progress is not: an older one could be put back, and would end in a session again.
    private SessionCompany InOneCommit(SignInProgress progress, IReadOnlyList<string> counted, SessionCompany company, CancellationToken cancel) => company with
    {
        After = async (lane, session) =>
        {
            await company.After(lane, session);
            await UsedMarks.AtCommitAsync(lane, $"sign-in:{progress.Id}:{progress.Attempts}", progress.StartedAt + options.SignIn.Patience, cancel);
            await GuessLimits.SucceededAsync(lane, counted, cancel);
        },
    };

    /// <summary>Trust is given for a second factor that was done in this very sign-in, and for nothing else; null when it was not asked for.</summary>
    private static FactorProof[]? TrustedFactors(Situation situation, SignedIn who) =>
        situation is { Progress: { TrustThisBrowser: true, Proofs.Factors: var done }, TrustedDevice: null }
        && done.Where(who.Proofs.Factors.Contains).ToArray() is { Length: > 0 } proven ? proven : null;
}

/// <summary>How an attempt to finish went.</summary>
internal abstract record Ending
{
    private Ending() { }

    internal sealed record Answered(FinalAnswer Answer) : Ending;

    /// <summary>The pushed request was used by another sign-in meanwhile.</summary>
    internal sealed record RequestUsed : Ending;

    /// <summary>It was finished before.</summary>
    internal sealed record Over : Ending;

    /// <summary>The session that some of the proofs came from has ended: what is left must be looked at anew.</summary>
    internal sealed record DecideAgain : Ending;
}
