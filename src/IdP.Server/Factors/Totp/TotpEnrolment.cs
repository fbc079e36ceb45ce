using IdP.Server.StepUp;

namespace IdP.Server.Factors.Totp;

/// <summary>Binding an authenticator app: a fresh secret, shown as a QR code and as text, bound once a code has proven that the app has it.</summary>
internal sealed class TotpEnrolment(Hosting.IdpOptions options, TimeProvider clock) : IEnrolment
{
    private const int Digits = 6;

    public static readonly FactorKind Totp = new(TotpSecret.Factor, TotpTexts.Table);

    public FactorKind Kind => Totp;

    public bool Several => true;

    public Task<Offered> OfferAsync(EnrolmentFor whom, string? said, CancellationToken cancel)
    {
        var secret = TotpSecret.New();
        return Task.FromResult<Offered>(new Offered.Made(new Prompt.EnterCode(Digits), secret.ToBytes(), new Dictionary<string, string>
        {
            ["secret"] = secret.Secret,
            ["uri"] = secret.Uri(options.Brand.Name, whom.AccountName),
        }));
    }

    public Task<NewBinding?> ConfirmAsync(EnrolmentOffer offer, Answer answer, CancellationToken cancel)
    {
        var secret = TotpSecret.From(offer.Memo);
        // The step is kept with the binding, so that the code that proved it is not good for a sign-in as well.
        return Task.FromResult(answer is Answer.Code { Value: var typed } && TotpCode.Read(typed, Digits) is { } code && TotpCode.StepOf(code, secret, clock.GetUtcNow()) is { } step
            ? new NewBinding(offer.Factor, null, offer.Memo, step) { Amr = TotpFactor.Amr }
            : null);
    }
}
