using IdP.Server.Factors;
using IdP.Server.StepUp;

namespace IdP.Server.Tests.FurtherFactors.KeyFob;

/// <summary>A further factor as somebody would add one: a key fob with a button that shows the next of its codes. Eight digits, each good once.</summary>
internal sealed class KeyFobFactor(FactorBindings bindings) : ISecondFactor
{
    public const string Id = "key-fob";

    /// <summary>Presses that were for nothing.</summary>
    private const int Ahead = 10;

    public FactorInfo Info { get; } = new(KeyFobEnrolment.KeyFob, TimeSpan.FromMinutes(10));

    public Task<Started> ChallengeAsync(NewChallenge challenge, CancellationToken cancel) =>
        Task.FromResult<Started>(new Started.Asked(new Prompt.EnterCode(FobSeed.Digits), []));

    public async Task<Verdict> VerifyAsync(Challenge challenge, Answer answer, CancellationToken cancel)
    {
        if (answer is not Answer.Code { Value: var typed } || (await bindings.ListAsync(challenge.UserId, cancel)).LastOrDefault(binding => binding.Factor == Id) is not { } binding)
            return new Verdict.Wrong();
        var last = binding.LastStep ?? 0;
        if (FobSeed.From(binding.Data).PressOf(typed, Math.Max(1, last - Ahead), last + Ahead) is not { } press)
            return new Verdict.Wrong();
        return press > last && await bindings.AdvanceStepAsync(binding.Id, press, cancel) ? new Verdict.Passed(binding.Id, ["otp"]) : new Verdict.AlreadyUsed();
    }
}
