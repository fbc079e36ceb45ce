using IdP.Server.Factors;
using IdP.Server.Storage;
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
        // What the phone is asked about is also the seed that it shares from then on.
        var seed = FobSeed.New();
        phone.Ask(whom.UserId, seed.Value);
        return Task.FromResult<Offered>(
            new Offered.Made(new Prompt.ScanQr("test-app:" + Handles.NewId(), null), seed.ToBytes(), new Dictionary<string, string>()));
    }

    public Task<NewBinding?> ConfirmAsync(EnrolmentOffer offer, Answer answer, CancellationToken cancel) => Task.FromResult(
        answer is Answer.Acknowledged && phone.DecisionOn(FobSeed.From(offer.Memo).Value) is { Approved: true }
            ? new NewBinding(Id, null, offer.Memo) { Amr = AppPush.Amr, Way = "scan" }
            : null);
}
