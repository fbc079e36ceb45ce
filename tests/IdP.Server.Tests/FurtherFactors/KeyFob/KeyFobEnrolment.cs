using IdP.Server.Factors;
using IdP.Server.StepUp;

namespace IdP.Server.Tests.FurtherFactors.KeyFob;

/// <summary>The person types what is on the card, and then the first code.</summary>
internal sealed class KeyFobEnrolment : IEnrolment
{
    private const int Ahead = 10;

    public static readonly FactorKind KeyFob = new(KeyFobFactor.Id, KeyFobTexts.Table);

    public FactorKind Kind => KeyFob;

    public EnrolmentQuestion Question { get; } = new("text", "off", 64);

    public Task<Offered> OfferAsync(EnrolmentFor whom, string? said, CancellationToken cancel) => Task.FromResult<Offered>(
        FobSeed.Parse(said) is { } seed ? new Offered.Made(new Prompt.EnterCode(FobSeed.Digits), seed.ToBytes(), new Dictionary<string, string>()) : new Offered.Refused("NotASeed"));

    public Task<NewBinding?> ConfirmAsync(EnrolmentOffer offer, Answer answer, CancellationToken cancel) => Task.FromResult(
        answer is Answer.Code { Value: var typed } && FobSeed.From(offer.Memo).PressOf(typed, 1, Ahead) is { } press ? new NewBinding(KeyFobFactor.Id, null, offer.Memo, press) { Amr = ["otp"] } : null);
}
