using System.Text;
using IdP.Server.Factors;
using IdP.Server.Storage;
using IdP.Server.StepUp;

namespace IdP.Server.Tests.FurtherFactors.Bell;

/// <summary>Bound once it has rung, and been answered.</summary>
internal sealed class BellEnrolment(BellTower tower) : IEnrolment
{
    public static readonly FactorKind Bell = new(BellFactor.Id, BellTexts.Table);

    public FactorKind Kind => Bell;

    public Task<Offered> OfferAsync(EnrolmentFor whom, string? said, CancellationToken cancel)
    {
        var ring = Handles.NewId();
        tower.Ring(whom.UserId, ring);
        return Task.FromResult<Offered>(new Offered.Made(new Prompt.AwaitApproval(null), Encoding.ASCII.GetBytes(ring), new Dictionary<string, string>()));
    }

    public Task<NewBinding?> ConfirmAsync(EnrolmentOffer offer, Answer answer, CancellationToken cancel) => Task.FromResult(
        answer is Answer.Acknowledged && tower.AnswerTo(Encoding.ASCII.GetString(offer.Memo)) == true ? new NewBinding(BellFactor.Id, null, offer.Memo) { Amr = BellFactor.Amr } : null);
}
