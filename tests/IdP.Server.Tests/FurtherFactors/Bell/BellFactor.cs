using IdP.Server.StepUp;

namespace IdP.Server.Tests.FurtherFactors.Bell;

/// <summary>A further factor without a code: something rings elsewhere, its owner answers there, and goes on here.</summary>
internal sealed class BellFactor(BellTower tower) : ISecondFactor
{
    public const string Id = "bell";
    public const string Number = "42";

    public FactorInfo Info { get; } = new(Id, ["swk"], TimeSpan.FromMinutes(2), BellTexts.Table);

    public Task<Started> ChallengeAsync(Challenge challenge, CancellationToken cancel)
    {
        tower.Ring(challenge.UserId, challenge.Id);
        return Task.FromResult<Started>(new Started.Asked(new Prompt.AwaitApproval(Number), []));
    }

    public Task<Verdict> VerifyAsync(Challenge challenge, Answer answer, CancellationToken cancel) => Task.FromResult(answer is not Answer.Acknowledged ? Verdict.Wrong : tower.AnswerTo(challenge.Id) switch
    {
        true => Verdict.Passed,
        false => Verdict.Denied,
        null => Verdict.Wrong,
    });
}
