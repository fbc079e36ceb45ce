using System.Globalization;
using IdP.Server.StepUp;

namespace IdP.Server.SignIn;

// What the pages of a sign-in draw. A view says everything its page shows, and nothing that the page must look up.

/// <param name="Tx">The sign-in in progress.</param>
/// <param name="UserNameFixed">The name is known (re-authentication): shown, not asked.</param>
internal sealed record PasswordView(ClientCard Client, string Tx, string Csrf, string? UserName, Problem? Problem, bool UserNameFixed);

/// <param name="Others">Further bound factors; empty hides "another way".</param>
/// <param name="AccountHint">Whose code is asked for, as the person knows it.</param>
/// <param name="AgainInSeconds">How long until another code may be sent.</param>
/// <param name="TrustDays">How long the second step can be skipped in this browser; null when that is not offered.</param>
/// <param name="TrustWanted">The box was ticked with the last answer.</param>
internal sealed record VerifyView(
    ClientCard Client, string Tx, string Csrf, string FactorId, string FactorName, PromptView Prompt,
    IReadOnlyList<FactorChoice> Others, Problem? Problem, string? AccountHint, int AgainInSeconds,
    int? TrustDays, bool TrustWanted)
{
    public bool CanSendAgain => Prompt is PromptView.EnterCode { AgainAt: not null };
}

/// <summary>Forced binding: the choice, then what the chosen factor must be told, then what must be proven.</summary>
/// <param name="AgainInSeconds">How long until another code may be sent; null where nothing is sent.</param>
/// <param name="Reason">Why the factor cannot be bound so, in its own words.</param>
internal sealed record ForcedBindingView(
    ClientCard Client, string Tx, string Csrf, string UserName, IReadOnlyList<ForcedBindingChoice> Choices, ForcedBindingQuestion? Question, OfferView? Offer, string? OfferName,
    int? AgainInSeconds, int SkipsLeft, Problem? Problem, string? Reason);

/// <param name="About">One sentence of the factor's own.</param>
internal sealed record ForcedBindingChoice(string Id, string Name, string About);

/// <param name="Said">What was typed before, for correcting.</param>
internal sealed record ForcedBindingQuestion(string Factor, string Name, string Ask, string? Help, EnrolmentQuestion Field, string? Said);

/// <summary>"Send another code", and how long that takes (<c>_Again.cshtml</c>).</summary>
/// <param name="Path">Where the form goes.</param>
/// <param name="Seconds">Until another may be sent; 0: at once.</param>
internal sealed record Again(string Path, string Csrf, int Seconds)
{
    /// <summary>"1:59", as a countdown shows it.</summary>
    public string Clock => TimeSpan.FromSeconds(Seconds).ToString(@"m\:ss", CultureInfo.InvariantCulture);

    /// <summary>Records print their members; a token in the path must not be (I-7).</summary>
    public override string ToString() => "again";
}

internal sealed record ConsentView(ClientCard Client, string Tx, string Csrf, string UserName, IReadOnlyList<ScopeLine> Scopes);

/// <summary>The first administrator, by a one-time link.</summary>
/// <param name="Done">The account exists; only the way on is shown.</param>
internal sealed record SetupView(string Token, string Csrf, string? UserName, string? Email, Problem? Problem, int MinimumPasswordLength, bool Done);

/// <summary>How a factor wants to be asked. Capability is data that the page draws, in words that the factor brings along.</summary>
internal abstract record PromptView
{
    private PromptView() { }

    /// <param name="Instruction">One sentence: where the code is to be found.</param>
    /// <param name="SentTo">Masked place it was sent to; null when nothing is sent.</param>
    /// <param name="AgainAt">When another may be sent.</param>
    /// <param name="Notice">Why the code may be late, or why no other was sent.</param>
    internal sealed record EnterCode(string Instruction, int Length, bool Letters = false, string? SentTo = null, DateTimeOffset? AgainAt = null, string? Notice = null) : PromptView;

    /// <summary>The factor cannot ask now; another way can be chosen.</summary>
    internal sealed record Nothing(string Reason) : PromptView;
}

/// <param name="Name">In the person's language.</param>
internal sealed record FactorChoice(string Id, string Name);

/// <param name="DisplayName">The operator's words; standard scopes have their own in every language.</param>
internal sealed record ScopeLine(string Name, string? DisplayName, string? Description);

/// <summary>What went wrong with the last attempt, from a closed set: each has its own calm sentence and a way on (J-15).</summary>
/// <param name="Number">Minutes until the next try, or the least number of characters; 0 where there is nothing to count.</param>
internal sealed record Problem(ProblemKind Kind, int Number = 0)
{
    /// <summary>The same for an unknown name, a locked account and a wrong password.</summary>
    public static readonly Problem WrongPassword = new(ProblemKind.WrongPassword);
    public static readonly Problem WrongCode = new(ProblemKind.WrongCode);
    public static readonly Problem CodeExpired = new(ProblemKind.CodeExpired);
    public static readonly Problem CodeUsed = new(ProblemKind.CodeUsed);
    public static readonly Problem MissingField = new(ProblemKind.MissingField);
    public static readonly Problem Busy = new(ProblemKind.Busy);
    public static readonly Problem StartAgain = new(ProblemKind.StartAgain);
    public static readonly Problem SessionExpired = new(ProblemKind.SessionExpired);
    public static readonly Problem NameTaken = new(ProblemKind.NameTaken);
    public static readonly Problem BadEmail = new(ProblemKind.BadEmail);

    public static readonly Problem PasswordsDiffer = new(ProblemKind.PasswordsDiffer);

    public static Problem TooManyTries(int minutes) => new(ProblemKind.TooManyTries, minutes);

    public static Problem PasswordTooShort(int characters) => new(ProblemKind.PasswordTooShort, characters);
}

internal enum ProblemKind
{
    WrongPassword,
    TooManyTries,
    WrongCode,
    CodeExpired,
    CodeUsed,
    MissingField,
    /// <summary>Too much to do at once, or a store is away: nothing was counted.</summary>
    Busy,
    StartAgain,
    SessionExpired,
    NameTaken,
    BadEmail,
    PasswordTooShort,
    PasswordsDiffer,
}
