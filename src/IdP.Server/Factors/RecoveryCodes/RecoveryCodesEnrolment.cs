using IdP.Server.StepUp;
using IdP.Server.Storage;

namespace IdP.Server.Factors.RecoveryCodes;

/// <summary>Ten fresh codes, shown until the person says they are kept; the old ones work until then.</summary>
internal sealed class RecoveryCodesEnrolment(FactorBindings bindings, SecretProtector protector) : IEnrolment
{
    public static readonly FactorKind RecoveryCodes = new(RecoveryCodeList.Factor, RecoveryCodesTexts.Table, IsFallback: true);

    public FactorKind Kind => RecoveryCodes;

    public async Task<Offered> OfferAsync(EnrolmentFor whom, string? said, CancellationToken cancel)
    {
        // They stand in for another factor; alone they would be a factor of ten sign-ins. Asked again in the commit: the last one may go meanwhile.
        if ((await bindings.ListAsync(whom.UserId, cancel)).All(binding => binding.Factor == RecoveryCodeList.Factor))
            return new Offered.Refused("NeedsFactor");
        var codes = RecoveryCodeList.Draw();
        return new Offered.Made(new Prompt.Acknowledge(), RecoveryCodeList.Of(codes, protector.KeyFor(RecoveryCodesFactor.KeyPurpose)).ToBytes(),
            new Dictionary<string, string> { ["codes"] = string.Join(' ', codes) });
    }

    public Task<NewBinding?> ConfirmAsync(EnrolmentOffer offer, Answer answer, CancellationToken cancel) =>
        Task.FromResult(answer is Answer.Acknowledged ? new NewBinding(offer.Factor, null, offer.Memo) { StandsIn = true } : null);

    public string? Describe(FactorBinding binding) => RecoveryCodesTexts.Left(RecoveryCodeList.From(binding.Data).Left.Count);

    public string? Warn(FactorBinding binding) =>
        RecoveryCodeList.From(binding.Data).Left.Count < RecoveryCodeList.Few ? RecoveryCodesTexts.FewLeft(RecoveryCodeList.From(binding.Data).Left.Count) : null;
}
