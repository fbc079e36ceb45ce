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
            AnswerWriter.SeeOther(context, SignInDesk.PathOf(at.Next, at.Progress.Id));
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
        var session = at.Situation.Session?.Id;
        // Its guesses are forgotten once, however often it comes back here.
        SignInProgress? Mark(SignInProgress kept) => kept.Finishing || !kept.Proofs.SameAs(at.Progress.Proofs)
            ? null
            : kept with { Finishing = true, Counted = null, FinishedIn = kept.OwnerHash is null ? session : null };

        if (!await signIns.ChangeAsync(at.Kept, Mark, context.RequestAborted))
        {
            await RepeatAnswerAsync(context, at.Progress.Id);
            return;
        }

        Ending ending;
        try
        {
            ending = at.Next is NextStep.Finish done
                ? await finish.FinishAsync(context, at.Situation, done.Who)
                : new Ending.Answered(finish.Refuse(at.Request.Target, ((NextStep.Refuse)at.Next).Error));
            await NoteAsync(context, at.Progress.Id, ending, context.RequestAborted);
        }
        catch (Exception problem) when (problem is StoreUnavailableException or OperationCanceledException)
        {
            // An outage, or somebody who reloads and so hangs up on this request. Nothing was answered, so the next one may finish it, with cookies of its own.
            await NoteAsync(context, at.Progress.Id, new Ending.DecideAgain(), CancellationToken.None);
            throw;
        }

        if (ending is Ending.DecideAgain)
        {
            AnswerWriter.SeeOther(context, SignInDesk.ContinuePath(at.Progress.Id));
            return;
        }

        cookies.DropOwner(context, at.Progress.Id);
        await answers.WriteAsync(context, ending, afterForm: true);
    }

    private async Task NoteAsync(HttpContext context, string id, Ending ending, CancellationToken cancel)
    {
        if (await signIns.FindAsync(context, id, cancel) is { } marked)
        {
            await signIns.ChangeAsync(marked, kept => ending is Ending.Answered given
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
