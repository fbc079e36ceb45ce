using IdP.Server.Accounts;
using IdP.Server.DeviceTrust;

namespace IdP.Server.SignIn;

/// <summary>
/// What a trusted device may do for this request. It spares what our own policy asks, and nothing that the app asks: where the app wants the person to
/// prove anew (prompt=login, max_age) it says nothing, and for mfa it counts only where the client was told to accept it.
/// </summary>
internal readonly struct Trust
{
    public bool Spares { get; private init; }

    /// <summary>The factor that was really done when trust was given, where it will do for mfa at this client; its time and its amr are what tokens say.</summary>
    public FactorProof? AcceptedForMfa { get; private init; }

    public static Trust Read(Situation now, Proven proven)
    {
        var request = now.Request;
        if (now.TrustedDevice is not { } device || !Alive(device, now) || !proven.PasswordFresh || request.PromptLogin || request.MaxAge is not null)
            return default;
        var done = device.Factors.Where(now.Person!.Holds).OrderBy(proof => proof.At).ToArray();
        TimeSpan? oldest = request.Client.StepUpMaxAge is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        return new Trust
        {
            Spares = done.Length > 0,
            AcceptedForMfa = request.Client.TrustedDeviceSatisfiesAcr
                ? done.LastOrDefault(proof => Proven.Accepts(now, proof) && (oldest is null || now.Now - proof.At <= oldest))
                : null,
        };
    }

    // The store has ended what must not count; the decider does not take its word for it.
    private static bool Alive(TrustedDevice device, Situation now) =>
        device.UserId == now.Person!.Id && device.ExpiresAt > now.Now && !(now.Person.PasswordChangedAt > device.GivenAt);
}
