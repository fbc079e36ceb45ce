using IdP.Server.Factors;
using IdP.Server.Hosting;
using IdP.Server.StepUp;

namespace IdP.Server.SignIn;

/// <summary>
/// Has a code sent in answer to a post: the password, or the choice of another way. Whoever comes to the second step by a link finds a button there.
/// </summary>
internal sealed class SecondStepQuestion(StepUpService stepUp, SecondFactors factors, SignIns signIns)
{
    public static string PurposeOf(string tx) => Challenge.SignInPurpose + tx;

    /// <param name="userId">Who has just typed the password, or whose session it is.</param>
    /// <param name="wanted">The way that the person chose; null: the first that can ask, and the next where it cannot after all.</param>
    public async Task AskAsync(HttpContext context, SignInAt at, string userId, NextStep.Verify step, string? wanted)
    {
        var (cancel, progress, usable) = (context.RequestAborted, at.Progress, factors.Askable(step.Factors));
        if (usable.Length == 0)
            return;
        var first = wanted ?? await stepUp.PreferAsync(userId, usable, PurposeOf(progress.Id), progress.BrowserHash, progress.ChallengeId, cancel);
        string[] candidates = wanted is null ? [first, .. usable.Where(id => id != first)] : [first];
        SendTrouble? trouble = null;
        foreach (var id in candidates)
        {
            var start = factors.Find(id)!.Info.Sends
                ? await stepUp.StartAsync(userId, id, PurposeOf(progress.Id), progress.BrowserHash, progress.ChallengeId, cancel,
                    Asking.Ask, Circumstances.Of(context, SignInDesk.CardOf(at.Request).Name))
                : new ChallengeStart(null, null);
            if (start is { Challenge: null, Reason: { } reason })
            {
                trouble ??= new(id, reason);
                continue;
            }

            await NoteAsync(at, userId, kept => kept with
            {
                ChallengeId = start.Challenge?.Id ?? kept.ChallengeId,
                ChosenFactor = id == first ? kept.ChosenFactor : id,
                Trouble = trouble,
            }, cancel);
            return;
        }

        await NoteAsync(at, userId, kept => kept with { Trouble = trouble }, cancel);
    }

    // No proof is noted here, only what was asked. A double click of the password may own the sign-in by now; it is the same person's.
    private Task NoteAsync(SignInAt at, string userId, Func<SignInProgress, SignInProgress> change, CancellationToken cancel) => signIns.ChangeAsync(
        at.Kept, kept => kept.Finishing || (kept.UserId is { } other && other != userId) ? null : change(kept), cancel, takesOver: true);
}
