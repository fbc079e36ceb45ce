using System.Text.Json;
using IdP.Server.Factors;
using IdP.Server.StepUp;
using IdP.Server.Tests.FurtherFactors.KeyFob;

namespace IdP.Server.Tests.FurtherFactors.App;

/// <summary>The phone is asked, and its owner approves there.</summary>
internal sealed class AppPush(FactorBindings bindings, Phone phone, AppOptions options, TimeProvider clock) : ISecondFactor
{
    public static readonly string[] Amr = ["swk", "mca"];

    public FactorInfo Info { get; } = new(AppEnrolment.App, options.RequestLife, "push", Sending.Request);

    public Task<Started> ChallengeAsync(NewChallenge challenge, CancellationToken cancel)
    {
        phone.Ask(challenge.UserId, challenge.Id);
        return Task.FromResult<Started>(new Started.Asked(new Prompt.AwaitApproval("42", clock.GetUtcNow() + TimeSpan.FromSeconds(30)), []));
    }

    public Task<Verdict> VerifyAsync(Challenge challenge, Answer answer, CancellationToken cancel) => JudgeAsync(bindings, answer, cancel);

    /// <summary>Whether a phone that is bound has said so. For whom is not looked at: that is <see cref="Approvals"/>' part, and this shows it.</summary>
    internal static async Task<Verdict> JudgeAsync(FactorBindings bindings, Answer answer, CancellationToken cancel)
    {
        if (answer is not Answer.Approval { Evidence: var evidence } || JsonSerializer.Deserialize<Decision>(evidence) is not { BindingId: { } id } decision
            || await bindings.FindAsync(decision.UserId, id, cancel) is not { } binding || FobSeed.From(binding.Data).Value != decision.Seed)
            return new Verdict.Wrong();
        return decision.Approve ? new Verdict.Passed(binding.Id, Amr, decision.Trust) : new Verdict.Denied();
    }
}
