using IdP.Server.Factors;
using IdP.Server.StepUp;

namespace IdP.Server.Tests.FurtherFactors.App;

/// <summary>The phone is asked, and its owner approves there.</summary>
internal sealed class AppPush(FactorBindings bindings, Phone phone) : ISecondFactor
{
    public static readonly string[] Amr = ["swk", "mca"];

    public FactorInfo Info { get; } = new(AppEnrolment.App, TimeSpan.FromMinutes(2), "push");

    public Task<Started> ChallengeAsync(NewChallenge challenge, CancellationToken cancel)
    {
        phone.Ask(challenge.UserId, challenge.Id);
        return Task.FromResult<Started>(new Started.Asked(new Prompt.AwaitApproval("42"), []));
    }

    public Task<Verdict> VerifyAsync(Challenge challenge, Answer answer, CancellationToken cancel) => VerdictAsync(phone, bindings, challenge, answer, cancel);

    /// <summary>What the owner decided on the phone.</summary>
    internal static async Task<Verdict> VerdictAsync(
        Phone phone, FactorBindings bindings, Challenge challenge, Answer answer, CancellationToken cancel)
    {
        if (answer is not Answer.Acknowledged)
            return new Verdict.Wrong();
        return phone.DecisionOn(challenge.Id) switch
        {
            null => new Verdict.NotYet(),
            { Approved: false } => new Verdict.Denied(),
            { Trust: var trust } => new Verdict.Passed(
                (await bindings.ListAsync(challenge.UserId, cancel)).Last(binding => binding.Factor == AppEnrolment.Id).Id, Amr, trust),
        };
    }
}
