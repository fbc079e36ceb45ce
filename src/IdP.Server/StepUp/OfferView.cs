namespace IdP.Server.StepUp;

/// <summary>An offer as a page draws it (<c>_Offer.cshtml</c>): what to scan, to keep or to wait for, and the field for the answer. The form around it is the page's.</summary>
/// <param name="Wrong">The last answer did not prove it.</param>
/// <param name="ChangePath">Where the person corrects what they said for it; null where nothing was.</param>
internal sealed record OfferView(EnrolmentOffer Offer, bool Wrong, string? ChangePath = null)
{
    public string? Uri => Offer.Show.GetValueOrDefault("uri");

    /// <summary>In groups of four, as people type it.</summary>
    public string? Key => Offer.Show.TryGetValue("secret", out var secret) ? string.Join(' ', secret.Chunk(4).Select(four => new string(four))) : null;

    /// <summary>Where there is something to scan or to keep, the offer's own words say what to do.</summary>
    public PromptView Ask(FactorKind kind) => new(
        kind, null, Offer.Prompt, (Offer.Prompt as Prompt.EnterCode)?.Notice is { } notice ? kind.Words.Find(notice) : null, Wrong,
        Told: Uri is not null || Codes.Count > 0, ChangePath: ChangePath,
        WaitPath: Offer.IsApprovedElsewhere ? "~/waiting/offer/" + Offer.Id : null);

    public IReadOnlyList<string> Codes => Offer.Show.TryGetValue("codes", out var codes) ? codes.Split(' ') : [];
}
