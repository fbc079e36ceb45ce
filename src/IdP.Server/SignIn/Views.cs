using System.Globalization;
using IdP.Server.Accounts;
using IdP.Server.StepUp;

namespace IdP.Server.SignIn;

// What the pages of a sign-in draw. A view says everything its page shows, and nothing that the page must look up.

/// <param name="Tx">The sign-in in progress.</param>
/// <param name="UserNameFixed">The name is known (re-authentication): shown, not asked.</param>
internal sealed record PasswordView(ClientCard Client, string Tx, string Csrf, string? UserName, Problem? Problem, bool UserNameFixed);

/// <param name="AccountHint">Whose code is asked for, as the person knows it.</param>
/// <param name="TrustDays">How long the second step can be skipped in this browser; null when that is not offered.</param>
/// <param name="TrustWanted">The box was ticked with the last answer.</param>
/// <param name="Warning">What the person should do something about soon, whichever factor is asked for now.</param>
internal sealed record VerifyView(
    ClientCard Client, string Tx, string Csrf, PromptView Prompt, OtherWays Others, Problem? Problem, string? AccountHint, int? TrustDays, bool TrustWanted, string? Warning);

/// <summary>Binding inside a sign-in: the choice, then what the chosen factor must be told, then what must be proven.</summary>
/// <param name="Lead">Who asks for it, and whether the app will take a new factor at once.</param>
/// <param name="AgainInSeconds">How long until another code may be sent; null where nothing is sent.</param>
/// <param name="Reason">Why the factor cannot be bound so, in its own words.</param>
/// <param name="Correcting">The address that is being corrected; the code that went there can still be typed.</param>
/// <param name="AgainLabel">What the button for another says where it is no code.</param>
/// <param name="ConfirmLabel">What the form's button says where something is approved elsewhere.</param>
internal sealed record ForcedBindingView(
    ClientCard Client, string Tx, string Csrf, string UserName, IReadOnlyList<string> Lead, IReadOnlyList<ForcedBindingChoice> Choices, ForcedBindingQuestion? Question, OfferView? Offer, string? OfferName,
    int? AgainInSeconds, int SkipsLeft, Problem? Problem, string? Reason,
    string? Correcting = null, string? AgainLabel = null, string? ConfirmLabel = null);

/// <param name="About">One sentence of the factor's own.</param>
internal sealed record ForcedBindingChoice(string Id, string Name, string About);

/// <param name="Said">What was typed before, for correcting.</param>
internal sealed record ForcedBindingQuestion(string Factor, string Name, string Ask, string? Help, EnrolmentQuestion Field, string? Said);

/// <summary>"Send a code", or another, and how long until that is possible (<c>_Again.cshtml</c>).</summary>
/// <param name="Path">Where the form goes.</param>
/// <param name="Page">The page itself: without scripts it is opened again once the time is over.</param>
/// <param name="Seconds">Until one may be sent; 0: at once.</param>
/// <param name="First">None has been sent yet: it is what the page is for.</param>
/// <param name="Label">What the button says where it is no code that is sent.</param>
internal sealed record Again(string Path, string Page, string Csrf, int Seconds, bool First = false, string? Label = null)
{
    /// <summary>Nobody waits at a page for tomorrow: then there is no button.</summary>
    public bool Soon => Seconds < 3600;

    /// <summary>"1:59", as a countdown shows it.</summary>
    public string Clock => TimeSpan.FromSeconds(Seconds).ToString(@"m\:ss", CultureInfo.InvariantCulture);

    /// <summary>Records print their members; a token in the path must not be (I-7).</summary>
    public override string ToString() => "again";
}

internal sealed record ConsentView(ClientCard Client, string Tx, string Csrf, string UserName, IReadOnlyList<ScopeLine> Scopes);

/// <summary>The first administrator, by a one-time link.</summary>
/// <param name="Done">The account exists; only the way on is shown.</param>
internal sealed record SetupView(string Token, string Csrf, string? UserName, string? Email, Problem? Problem, int MinimumPasswordLength, bool Done)
{
    /// <summary>What an operator does after the first start, and the commands that do it.</summary>
    public static IReadOnlyList<(string What, string Command)> Next =>
    [
        (SignInTexts.SetupNextClient, "idp client add my-app --redirect-uri https://app.example.com/callback"),
        (SignInTexts.SetupNextUser, "idp user add alice --email alice@example.com --password-stdin"),
        (SignInTexts.SetupNextMail, "idp mail test you@example.com"),
        (SignInTexts.SetupNextAudit, "idp audit list --follow"),
        (SignInTexts.SetupNextHelp, "idp --help"),
    ];
}

/// <param name="DisplayName">The operator's words; standard scopes have their own in every language.</param>
internal sealed record ScopeLine(string Name, string? DisplayName, string? Description);

/// <summary>What went wrong with the last attempt, from a closed set: each has its own calm sentence and a way on (J-15).</summary>
/// <param name="Number">Minutes until the next try, or the least number of characters; 0 where there is nothing to count.</param>
internal sealed record Problem(ProblemKind Kind, int Number = 0)
{
    /// <summary>Of the password that was refused, from 0 to 4; null where the problem is another.</summary>
    public int? Strength { get; private init; }

    /// <summary>The same for an unknown name, a locked account and a wrong password.</summary>
    public static readonly Problem WrongPassword = new(ProblemKind.WrongPassword);
    /// <summary>Where nobody is asked for a name.</summary>
    public static readonly Problem WrongOwnPassword = new(ProblemKind.WrongOwnPassword);
    public static readonly Problem WrongCode = new(ProblemKind.WrongCode);
    public static readonly Problem CodeExpired = new(ProblemKind.CodeExpired);
    public static readonly Problem CodeUsed = new(ProblemKind.CodeUsed);
    public static readonly Problem NotConfirmed = new(ProblemKind.NotConfirmed);
    public static readonly Problem Stopped = new(ProblemKind.Stopped);
    public static readonly Problem MissingField = new(ProblemKind.MissingField);
    public static readonly Problem Busy = new(ProblemKind.Busy);
    public static readonly Problem StartAgain = new(ProblemKind.StartAgain);
    public static readonly Problem SessionExpired = new(ProblemKind.SessionExpired);
    public static readonly Problem NameTaken = new(ProblemKind.NameTaken);
    public static readonly Problem BadEmail = new(ProblemKind.BadEmail);

    public static readonly Problem ProofOver = new(ProblemKind.ProofOver);

    public static readonly Problem PasswordsDiffer = new(ProblemKind.PasswordsDiffer);

    public static Problem TooManyTries(int minutes) => new(ProblemKind.TooManyTries, minutes);

    /// <param name="minimumLength">In characters.</param>
    public static Problem WeakPassword(PasswordFault fault, int minimumLength) => fault.Weakness switch
    {
        PasswordWeakness.TooShort => new(ProblemKind.PasswordTooShort, minimumLength),
        PasswordWeakness.TooLong => new(ProblemKind.PasswordTooLong, Passwords.Longest),
        PasswordWeakness.CannotBeTyped => new(ProblemKind.PasswordCannotBeTyped),
        PasswordWeakness.Common => new(ProblemKind.PasswordCommon) { Strength = 0 },
        PasswordWeakness.OwnName => new(ProblemKind.PasswordOwnName) { Strength = 0 },
        _ => new(ProblemKind.PasswordGuessable) { Strength = fault.Score },
    };

    public static Problem Wrong(Answer answer) => answer is Answer.Code ? WrongCode : NotConfirmed;

    /// <summary>What came of an answer that did not pass.</summary>
    public static Problem Of(StepUpOutcome outcome, Answer answer) => outcome switch
    {
        StepUpOutcome.AlreadyUsed => CodeUsed,
        StepUpOutcome.TooMany tooMany => TooManyTries(Minutes.Of(tooMany.RetryAfter)),
        StepUpOutcome.Stopped => Stopped,
        StepUpOutcome.Over => CodeExpired,
        StepUpOutcome.NotYet => NotConfirmed,
        StepUpOutcome.Denied => new(ProblemKind.Refused),
        _ => Wrong(answer),
    };
}

internal enum ProblemKind
{
    WrongPassword,
    WrongOwnPassword,
    TooManyTries,
    WrongCode,
    CodeExpired,
    CodeUsed,
    /// <summary>A hundred wrong in a row: waiting does not help, another way does.</summary>
    Stopped,
    /// <summary>What is to be confirmed elsewhere has not been, yet.</summary>
    NotConfirmed,
    /// <summary>"Not me", or "no".</summary>
    Refused,
    MissingField,
    /// <summary>Too much to do at once, or a store is away: nothing was counted.</summary>
    Busy,
    StartAgain,
    SessionExpired,
    NameTaken,
    BadEmail,
    PasswordTooShort,
    PasswordTooLong,
    PasswordCannotBeTyped,
    /// <summary>One of the commonest.</summary>
    PasswordCommon,
    PasswordOwnName,
    PasswordGuessable,
    PasswordsDiffer,
    /// <summary>The second step was done too long ago, or has been used.</summary>
    ProofOver,
}
