using IdP.Server.Factors;
using IdP.Server.StepUp;
using IdP.Server.Tests.FurtherFactors.App;

namespace IdP.Server.Tests.FurtherFactors.Anything;

/// <summary>Asks in whatever way the test says, takes every answer, and remembers it.</summary>
internal sealed class AnythingFactor(FactorBindings bindings, Whim whim) : ISecondFactor
{
    public const string Id = "anything";

    public FactorInfo Info { get; } = new(AnythingEnrolment.Anything, TimeSpan.FromMinutes(2));

    public Task<Started> ChallengeAsync(NewChallenge challenge, CancellationToken cancel) => Task.FromResult<Started>(new Started.Asked(whim.Prompt, []));

    public async Task<Verdict> VerifyAsync(Challenge challenge, Answer answer, CancellationToken cancel)
    {
        whim.Last = answer;
        return new Verdict.Passed((await bindings.ListAsync(challenge.UserId, cancel)).Last(binding => binding.Factor == Id).Id, ["otp"]);
    }
}

internal sealed class AnythingEnrolment(Whim whim) : IEnrolment
{
    public static readonly FactorKind Anything = new(AnythingFactor.Id, AppTexts.Table);

    public FactorKind Kind => Anything;

    public Task<Offered> OfferAsync(EnrolmentFor whom, string? said, CancellationToken cancel) =>
        Task.FromResult<Offered>(new Offered.Made(whim.Prompt, [1], new Dictionary<string, string>()));

    public Task<NewBinding?> ConfirmAsync(EnrolmentOffer offer, Answer answer, CancellationToken cancel)
    {
        whim.Last = answer;
        return Task.FromResult<NewBinding?>(new(AnythingFactor.Id, null, offer.Memo) { Amr = answer is Answer.Code ? ["otp"] : null });
    }
}

/// <summary>How to ask next, and what came of it last.</summary>
internal sealed class Whim
{
    public Prompt Prompt { get; set; } = new Prompt.Acknowledge();

    public Answer? Last { get; set; }
}
