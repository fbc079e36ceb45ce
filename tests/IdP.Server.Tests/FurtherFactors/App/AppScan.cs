using IdP.Server.Factors;
using IdP.Server.StepUp;

namespace IdP.Server.Tests.FurtherFactors.App;

/// <summary>The phone scans the page, and its owner approves there.</summary>
internal sealed class AppScan(FactorBindings bindings, Phone phone) : ISecondFactor
{
    public FactorInfo Info { get; } = new(AppEnrolment.App, TimeSpan.FromMinutes(2), "scan");

    public Task<Started> ChallengeAsync(NewChallenge challenge, CancellationToken cancel)
    {
        phone.Ask(challenge.UserId, challenge.Id);
        return Task.FromResult<Started>(new Started.Asked(new Prompt.ScanQr("test-app:" + challenge.Id, null), []));
    }

    public Task<Verdict> VerifyAsync(Challenge challenge, Answer answer, CancellationToken cancel) =>
        AppPush.JudgeAsync(bindings, answer, cancel);
}
