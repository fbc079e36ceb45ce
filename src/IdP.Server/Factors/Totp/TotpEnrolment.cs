using IdP.Server.StepUp;
using IdP.Server.Storage;

namespace IdP.Server.Factors.Totp;

/// <summary>Binding an authenticator app: a fresh secret is offered for ten minutes and bound once a code has proven that the app has it.</summary>
internal sealed class TotpEnrolment(
    FactorBindings bindings, IEphemeralStore ephemeral, SecretProtector protector, Hosting.IdpOptions options, TimeProvider clock) : IEnrolment
{
    private const string OfferPurpose = "offer:totp";
    private const int Digits = 6;
    private static readonly TimeSpan OfferLife = TimeSpan.FromMinutes(10);

    public string Id => TotpSecret.Factor;

    public async Task<EnrolmentOffer> OfferAsync(string userId, string accountName, CancellationToken cancel)
    {
        var secret = TotpSecret.New();
        var id = Handles.NewId();
        await ephemeral.SetAsync(Key(id), protector.Seal(OfferPurpose, secret.ToBytes(), userId), OfferLife, cancel);
        return new EnrolmentOffer(id, new Prompt.EnterCode(Digits), new Dictionary<string, string>
        {
            ["secret"] = secret.Secret,
            ["uri"] = secret.Uri(options.Brand.Name, accountName),
        });
    }

    public async Task<bool> ConfirmAsync(string userId, string offerId, Answer answer, CancellationToken cancel)
    {
        if (answer is not Answer.Code { Value: var typed } || TotpCode.Read(typed, Digits) is not { } code
            || await ephemeral.GetAsync(Key(offerId), cancel) is not { } kept || Open(userId, kept) is not { } secret
            || TotpCode.StepOf(code, secret, clock.GetUtcNow()) is not { } step)
            return false;

        // Of two confirmations at once one takes the offer; a crash after it leaves nothing bound, and the person starts again.
        if (await ephemeral.TakeAsync(Key(offerId), cancel) is null)
            return false;
        await bindings.AddAsync(userId, TotpSecret.Factor, label: null, secret.ToBytes(), step, actor: userId, cancel);
        return true;
    }

    public Task<bool> RemoveAsync(string userId, string bindingId, CancellationToken cancel) =>
        bindings.RemoveAsync(userId, bindingId, actor: userId, cancel);

    // Sealed for the person: an offer made to somebody else does not open.
    private TotpSecret? Open(string userId, byte[] kept)
    {
        try
        {
            return TotpSecret.From(protector.Open(OfferPurpose, kept, userId));
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            return null;
        }
    }

    private static string Key(string id) => "offer:" + id;
}
