namespace IdP.Server.StepUp;

/// <summary>A factor's question as a page draws it (<c>_Prompt.cshtml</c>): what to do, and the field for the answer. The form and the button around it are the page's.</summary>
/// <param name="Way">Null while the kind is being bound.</param>
/// <param name="Prompt">Null: nothing was asked yet, or the factor cannot ask now, and <paramref name="Notice"/> says why.</param>
/// <param name="Notice">What the person should know before answering, in the factor's own words.</param>
/// <param name="Wrong">The last answer did not prove it.</param>
/// <param name="AgainInSeconds">How long until a code, or another, may be sent.</param>
/// <param name="Told">The page says by itself what to do.</param>
/// <param name="Place">Masked place that a code will go to once the person asks for it.</param>
/// <param name="ChangePath">Where the person corrects the address that the code went to.</param>
/// <param name="WaitPath">Where the page asks how what it waits for stands (<see cref="WaitingEndpoint"/>); null where it waits for nothing.</param>
internal sealed record PromptView(
    FactorKind Kind, FactorInfo? Way, Prompt? Prompt, string? Notice, bool Wrong, int AgainInSeconds = 0, bool Told = false, string? Place = null,
    string? ChangePath = null, string? WaitPath = null)
{
    /// <param name="otherwise">The notice where the question has none of its own.</param>
    public static PromptView Of(FactorInfo factor, ChallengeStart start, bool wrong, DateTimeOffset now, string? otherwise = null)
    {
        var code = start.Challenge?.Prompt as Prompt.EnterCode;
        var notice = (start.Reason ?? code?.Notice) is { } key ? factor.Words.Find(key) : otherwise;
        var again = start.AgainAt ?? (start.Challenge?.Prompt.OffersAnother(out var at) == true ? at : null);
        return new(
            factor.Kind, factor, start.Challenge?.Prompt, notice, wrong, SecondsUntil(again, now), Place: start.Place,
            WaitPath: start.Challenge is { IsApprovedElsewhere: true } challenge ? "~/waiting/challenge/" + challenge.Id : null);
    }

    /// <summary>Whole seconds, rounded up; 0 for what is over.</summary>
    public static int SecondsUntil(DateTimeOffset? at, DateTimeOffset now) => at > now ? (int)Math.Ceiling((at.Value - now).TotalSeconds) : 0;

    /// <summary>The way's, or the kind's while it is being bound.</summary>
    public string Id => Way?.Id ?? Kind.Id;

    public string Name => Way?.Name ?? Kind.Name;

    public string Instruction => Way?.Instruction ?? Kind.Instruction;

    public bool Sends => Way is { Sends: true };

    /// <summary>A code or a request, or another, can be had from this page.</summary>
    public bool CanSend => Prompt is null ? Sends : Prompt.OffersAnother(out _);

    /// <summary>What the button for it says where it is no code.</summary>
    public string? SendLabel => Prompt switch
    {
        Prompt.ScanQr => PromptTexts.NewQr,
        Prompt.AwaitApproval => PromptTexts.SendRequestAgain,
        null when Way is { Sending: Sending.Request } => PromptTexts.SendRequest,
        _ => null,
    };

    /// <summary>What the form's button says where nothing is typed but something is approved elsewhere.</summary>
    public string? DoneLabel => Prompt is Prompt.AwaitApproval or Prompt.ScanQr ? PromptTexts.IHaveConfirmed : null;

    /// <summary>What will happen once the person asks for it.</summary>
    public string WillSend => Way is { Sending: Sending.Request } ? PromptTexts.WillSendRequest
        : Place is { } to ? PromptTexts.WillSendTo(to) : PromptTexts.WillSend;

    /// <summary>Something is the matter: other ways are shown at once.</summary>
    public bool InTrouble => Notice is not null || (Prompt is null && !Sends);
}
