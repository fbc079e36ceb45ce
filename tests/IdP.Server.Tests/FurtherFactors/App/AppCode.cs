using IdP.Server.Factors;
using IdP.Server.StepUp;
using IdP.Server.Tests.FurtherFactors.KeyFob;

namespace IdP.Server.Tests.FurtherFactors.App;

/// <summary>The phone shows a code; for when it has no network.</summary>
internal sealed class AppCode(FactorBindings bindings) : ISecondFactor
{
    private const int Ahead = 10;

    public FactorInfo Info { get; } = new(AppEnrolment.App, TimeSpan.FromMinutes(10), "code");

    public Task<Started> ChallengeAsync(NewChallenge challenge, CancellationToken cancel) =>
        Task.FromResult<Started>(new Started.Asked(new Prompt.EnterCode(FobSeed.Digits), []));

    public async Task<Verdict> VerifyAsync(Challenge challenge, Answer answer, CancellationToken cancel)
    {
        if (answer is not Answer.Code { Value: var typed }
            || (await bindings.ListAsync(challenge.UserId, cancel)).LastOrDefault(binding => binding.Factor == AppEnrolment.Id) is not { } binding)
            return new Verdict.Wrong();
        var last = binding.LastStep ?? 0;
        if (FobSeed.From(binding.Data).PressOf(typed, last + 1, last + Ahead) is not { } press)
            return new Verdict.Wrong();
        return await bindings.AdvanceStepAsync(binding.Id, press, cancel) ? new Verdict.Passed(binding.Id, ["otp"]) : new Verdict.AlreadyUsed();
    }
}
