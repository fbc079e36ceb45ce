using IdP.Server.Hosting;
using IdP.Server.SignIn;
using IdP.Server.Storage;

namespace IdP.Server.Connect;

/// <summary>
/// <c>/connect/continue</c>: every step of a sign-in comes back here, and the decider says what is next. The one request that reaches the end
/// finishes it; a double click or a second tab meets the same answer.
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
            await RepeatAnswerAsync(context, tx);
        else if (at.Next is NextStep.Finish or NextStep.Refuse)
            await EndAsync(context, at);
        else
            AnswerWriter.SeeOther(context, SignInDesk.PathOf(at.Next, at.Tx));
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

        // Where nothing was proven nothing is kept, and so nothing needs a mark.
        if (at.Kept.Bytes is null && SignInFlow.Next(at.Situation with { Progress = at.Progress with { Refused = true } }) is NextStep.Refuse refused)
        {
            await RefuseAsync(context, at, refused);
            return;
        }

        await signIns.ChangeAsync(at.Kept, kept => kept.Finishing ? null : kept with { Refused = true }, context.RequestAborted);
        AnswerWriter.SeeOther(context, SignInDesk.ContinuePath(at.Tx));
    }

    // The mark comes first: of two requests at once one finishes. If we crash after it the person starts again, and nothing was given twice.
    private async Task EndAsync(HttpContext context, SignInAt at)
    {
        if (at is { Kept.Bytes: null, Next: NextStep.Refuse refused })
        {
            await RefuseAsync(context, at, refused);
            return;
        }

        var session = at.Situation.Session?.Id;
        var attempt = 0;
        // Its guesses are forgotten once, however often it comes back here.
        SignInProgress? Mark(SignInProgress kept) => kept.Finishing || !kept.Proofs.SameAs(at.Progress.Proofs)
            ? null
            : kept with { Finishing = true, Attempts = attempt = kept.Attempts + 1, Counted = null, FinishedIn = kept.OwnerHash is null ? session : null };

        if (!await signIns.ChangeAsync(at.Kept, Mark, context.RequestAborted))
        {
            await RepeatAnswerAsync(context, at.Tx);
            return;
        }

        Ending ending;
        try
        {
            ending = at.Next is NextStep.Finish done
                ? await finish.FinishAsync(context, at.Situation with { Progress = at.Progress with { Attempts = attempt } }, done.Who)
                : new Ending.Answered(finish.Refuse(at.Request.Target, ((NextStep.Refuse)at.Next).Error));
            await NoteAsync(context, at, ending, context.RequestAborted);
        }
        catch (Exception problem) when (problem is StoreUnavailableException or OperationCanceledException)
        {
            // An outage, or somebody who reloads and so hangs up on this request. Nothing was answered, so the next one may finish it, with cookies of its own.
            await NoteAsync(context, at, new Ending.DecideAgain(), CancellationToken.None);
            throw;
        }

        if (ending is Ending.DecideAgain)
        {
            AnswerWriter.SeeOther(context, SignInDesk.ContinuePath(at.Tx));
            return;
        }

        cookies.DropOwner(context, at.Progress.Id);
        await answers.WriteAsync(context, ending, afterForm: true);
    }

    private Task RefuseAsync(HttpContext context, SignInAt at, NextStep.Refuse refused)
    {
        cookies.DropOwner(context, at.Progress.Id);
        return answers.WriteAsync(context, finish.Refuse(at.Request.Target, refused.Error), afterForm: true);
    }

    private async Task NoteAsync(HttpContext context, SignInAt at, Ending ending, CancellationToken cancel)
    {
        if (await signIns.FindAsync(context, at.Tx, cancel) is { } marked)
        {
            await signIns.ChangeAsync(marked with { Person = at.Kept.Person }, kept => ending is Ending.Answered given
                ? kept with { Answer = given.Answer }
                : kept with { Finishing = false, FinishedIn = null }, cancel);
        }
    }

    private async Task RepeatAnswerAsync(HttpContext context, string tx)
    {
        var started = clock.GetTimestamp();
        while (await desk.OpenAsync(context, tx) is { } at
            && (at.Progress.FinishedIn is not { } session || session == at.Situation.Session?.Id)
            && clock.GetElapsedTime(started) < WaitForWinner)
        {
            if (at.Progress.Answer is { } answer)
            {
                await answers.WriteAsync(context, answer, afterForm: true);
                return;
            }

            if (!at.Progress.Finishing)
            {
                AnswerWriter.SeeOther(context, SignInDesk.ContinuePath(tx));
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, context.RequestAborted);
        }

        await answers.ShowAsync(context, "session_expired");
    }
}
