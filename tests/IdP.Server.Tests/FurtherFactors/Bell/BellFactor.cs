using IdP.Server.Factors;
using IdP.Server.StepUp;

namespace IdP.Server.Tests.FurtherFactors.Bell;

/// <summary>A further factor without a code: something rings elsewhere, its owner answers there, and goes on here.</summary>
internal sealed class BellFactor(FactorBindings bindings, BellTower tower) : ISecondFactor
{
    public const string Id = "bell";
    public const string Number = "42";

    public static readonly string[] Amr = ["swk"];

    public FactorInfo Info { get; } = new(BellEnrolment.Bell, TimeSpan.FromMinutes(2));

    public Task<Started> ChallengeAsync(NewChallenge challenge, CancellationToken cancel)
    {
        tower.Ring(challenge.UserId, challenge.Id);
        return Task.FromResult<Started>(new Started.Asked(new Prompt.AwaitApproval(Number), []));
    }

    public async Task<Verdict> VerifyAsync(Challenge challenge, Answer answer, CancellationToken cancel) => answer is not Answer.Acknowledged ? new Verdict.Wrong() : tower.AnswerTo(challenge.Id) switch
    {
        true => new Verdict.Passed((await bindings.ListAsync(challenge.UserId, cancel)).Last(binding => binding.Factor == Id).Id, Amr),
        false => new Verdict.Denied(),
        null => new Verdict.NotYet(),
    };
}
