using System.Text.Json;
using IdP.Server.Factors;
using IdP.Server.StepUp;
using IdP.Server.Tests.FurtherFactors.KeyFob;

namespace IdP.Server.Tests.FurtherFactors.App;

/// <summary>A kind with three ways and one binding: bound once its phone has scanned the code and approved.</summary>
internal sealed class AppEnrolment(Phone phone) : IEnrolment
{
    public const string Id = "app";
    public static readonly FactorKind App = new(Id, AppTexts.Table);

    public FactorKind Kind => App;

    public Task<Offered> OfferAsync(EnrolmentFor whom, string? said, CancellationToken cancel)
    {
        // The QR code gives the phone what both share from then on.
        var seed = FobSeed.New();
        phone.Ask(whom.UserId, whom.OfferId, seed.Value);
        return Task.FromResult<Offered>(
            new Offered.Made(new Prompt.ScanQr("test-app:" + whom.OfferId, null), seed.ToBytes(), new Dictionary<string, string>()));
    }

    public Task<NewBinding?> ConfirmAsync(EnrolmentOffer offer, Answer answer, CancellationToken cancel) => Task.FromResult(
        answer is Answer.Approval { Evidence: var evidence } && JsonSerializer.Deserialize<Decision>(evidence) is { Approve: true } decision
            && decision.Seed == FobSeed.From(offer.Memo).Value
            ? new NewBinding(Id, null, offer.Memo) { Amr = AppPush.Amr, Way = "scan" }
            : null);
}
