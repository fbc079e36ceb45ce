namespace IdP.Server.StepUp;

/// <summary>A factor's question as a page draws it (<c>_Prompt.cshtml</c>): what to do, and the field for the answer. The form and the button around it are the page's.</summary>
/// <param name="Prompt">Null: the factor cannot ask now, and <paramref name="Notice"/> says why.</param>
/// <param name="Notice">What the person should know before answering, in the factor's own words.</param>
/// <param name="Wrong">The last answer did not prove it.</param>
/// <param name="AgainInSeconds">How long until another code may be sent.</param>
/// <param name="Told">The page says by itself what to do.</param>
internal sealed record PromptView(FactorInfo Factor, Prompt? Prompt, string? Notice, bool Wrong, int AgainInSeconds = 0, bool Told = false)
{
    /// <param name="otherwise">The notice where the question has none of its own.</param>
    public static PromptView Of(FactorInfo factor, ChallengeStart start, bool wrong, DateTimeOffset now, string? otherwise = null)
    {
        var code = start.Challenge?.Prompt as Prompt.EnterCode;
        var notice = (start.Reason ?? code?.Notice) is { } key ? factor.Words.Find(key) : otherwise;
        return new(factor, start.Challenge?.Prompt, notice, wrong, code?.AgainAt is { } at && at > now ? (int)Math.Ceiling((at - now).TotalSeconds) : 0);
    }

    public bool CanSendAgain => Prompt is Prompt.EnterCode { AgainAt: not null };

    /// <summary>Something is the matter: other ways are shown at once.</summary>
    public bool InTrouble => Prompt is null || Notice is not null;
}
