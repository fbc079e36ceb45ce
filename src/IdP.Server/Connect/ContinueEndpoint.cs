using IdP.Server.Hosting;
using IdP.Server.SignIn;
using IdP.Server.Storage;

namespace IdP.Server.Connect;

/// <summary>
/// <c>/connect/continue</c>: where a sign-in stands, by the decider's word. The one request that reaches the end finishes it; a double click or a second tab
/// meets the same answer.
/// </summary>
internal sealed class ContinueEndpoint(SignInDesk desk, SignIns signIns, SignInFinish finish, Csrf csrf, IdpCookies cookies, AnswerWriter answers, TimeProvider clock)
{
    private static readonly TimeSpan WaitForWinner = TimeSpan.FromSeconds(2);

    public async Task GetAsync(HttpContext context)
    {
        var tx = context.Request.Query["tx"].ToString();
        if (await desk.OpenAsync(context, tx) is not { } at)
        {
            await answers.ShowAsync(context, "session_expired");
            return;
        }

        if (at.Progress.Finishing)
            await RepeatAnswerAsync(context, at.Kept, OwnedAsIn(at));
        else
            await GoOnAsync(context, at);
    }

    /// <summary>
    /// After a right password: the next page, or at once the answer. A further request to <c>/connect/continue</c> would cost everybody a way there and back; only
    /// what is not a redirect goes there, since a page that came of a post asks to be posted again when it is reloaded.
    /// </summary>
    public Task GoOnAsync(HttpContext context, SignInAt at)
    {
        if (at.Next is NextStep.Finish or NextStep.Refuse && (HttpMethods.IsGet(context.Request.Method) || at.Request.Target.ResponseMode != "form_post"))
            return EndAsync(context, at);
        AnswerWriter.SeeOther(context, SignInDesk.PathOf(at.Next, at.Progress.Id));
        return Task.CompletedTask;
    }

    /// <summary>Back to the app: it gets access_denied (RFC 6749 §4.1.2.1).</summary>
    public async Task CancelAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType || csrf.Check(context, await PostedForm.ReadAsync(context)) is null
            || await desk.OpenAsync(context, context.Request.Query["tx"].ToString()) is not { } at)
        {
            await answers.ShowAsync(context, "session_expired");
            return;
        }

        await signIns.ChangeAsync(at.Kept, kept => kept.Finishing ? null : kept with { Refused = true }, context.RequestAborted);
        AnswerWriter.SeeOther(context, SignInDesk.ContinuePath(at.Progress.Id));
    }

    // The mark comes first: of two requests at once one finishes. If we crash after it the person starts again, and nothing was given twice.
    private async Task EndAsync(HttpContext context, SignInAt at)
    {
        if (await signIns.ChangeAsync(at.Kept, kept => kept.Finishing || !kept.Proofs.SameAs(at.Progress.Proofs) ? null : kept with { Finishing = true }, context.RequestAborted) is not { } mine)
        {
            await RepeatAnswerAsync(context, at.Kept, OwnedAsIn(at));
            return;
        }

        var ending = at.Next is NextStep.Finish done
            ? await finish.FinishAsync(context, at.Situation, done.Who)
            : new Ending.Answered(finish.Refuse(at.Request.Target, ((NextStep.Refuse)at.Next).Error));
        await signIns.ChangeAsync(mine, kept => ending is Ending.Answered given ? kept with { Answer = given.Answer } : kept with { Finishing = false }, context.RequestAborted);

        if (ending is Ending.DecideAgain)
        {
            AnswerWriter.SeeOther(context, SignInDesk.ContinuePath(at.Progress.Id));
            return;
        }

        cookies.DropOwner(context, at.Progress.Id);
        await answers.WriteAsync(context, ending);
    }

    /// <summary>For who comes second.</summary>
    /// <param name="theirs">Whether an answer is theirs: the sign-in may have become another person's since it was found.</param>
    public async Task RepeatAnswerAsync(HttpContext context, Stored<SignInProgress> found, Func<SignInProgress, bool> theirs)
    {
        var started = clock.GetTimestamp();
        while (await signIns.LookAgainAsync(found, context.RequestAborted) is { } kept && theirs(kept.Value) && clock.GetElapsedTime(started) < WaitForWinner)
        {
            if (kept.Value.Answer is { } answer)
            {
                await answers.WriteAsync(context, answer);
                return;
            }

            if (!kept.Value.Finishing)
            {
                AnswerWriter.SeeOther(context, SignInDesk.ContinuePath(kept.Value.Id));
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), context.RequestAborted);
        }

        await answers.ShowAsync(context, "session_expired");
    }

    // Whoever opened it has shown the cookie of this owner.
    private static Func<SignInProgress, bool> OwnedAsIn(SignInAt at) => kept => kept.OwnerHash.AsSpan().SequenceEqual(at.Progress.OwnerHash);
}
