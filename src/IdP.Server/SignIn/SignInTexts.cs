using IdP.Server.Hosting;

namespace IdP.Server.SignIn;

/// <summary>The words of password, second step, consent and first set-up.</summary>
internal static class SignInTexts
{
    private static readonly Texts Table = new(typeof(SignInTexts));

    public static string PasswordTitle => Table.Get();
    public static string ToContinue(object value) => Table.With(value);
    public static string UserName => Table.Get();
    public static string Password => Table.Get();
    public static string Forgot => Table.Get();
    public static string BackToSignIn(object value) => Table.With(value);
    public static string Continue => Table.Get();
    public static string SignIn => Table.Get();
    public static string Cancel(object value) => Table.With(value);
    public static string AgainText(object value) => Table.With(value);
    public static string Account => Table.Get();
    public static string VerifyTitle => Table.Get();
    public static string Verify => Table.Get();
    public static string SendCode => Table.Get();
    public static string SendAgainReload => Table.Get();
    public static string SendAgain => Table.Get();
    public static string SendAgainLater(object value) => Table.With(value);
    public static string TrustThis(object value) => Table.With(value);
    public static string TrustHint => Table.Get();
    public static string OtherWay => Table.Get();
    public static string BindTitle => Table.Get();
    public static string BindText => Table.Get();
    public static string BindNothing => Table.Get();
    public static string BindDemand(object value) => Table.With(value);
    public static string BindDemandLater(object value) => Table.With(value);
    public static string TooRecent(object value) => Table.With(value);
    public static string BindConfirm => Table.Get();
    public static string BindOther => Table.Get();
    public static string BindSkip => Table.Get();
    public static string BindSkipsLeft(object value) => Table.With(value);
    public static string ConsentTitle => Table.Get();
    public static string ConsentText(object value) => Table.With(value);
    public static string ConsentAs(object value) => Table.With(value);
    public static string ConsentLater => Table.Get();
    public static string Allow => Table.Get();
    public static string Deny => Table.Get();
    public static string Privacy => Table.Get();
    public static string Terms => Table.Get();
    public static string SetupTitle => Table.Get();
    public static string SetupText => Table.Get();
    public static string SetupUserName => Table.Get();
    public static string SetupEmail => Table.Get();
    public static string SetupPassword => Table.Get();
    public static string SetupPasswordHint(object value) => Table.With(value);
    public static string SetupCreate => Table.Get();
    public static string SetupDoneTitle => Table.Get();
    public static string SetupDoneText => Table.Get();
    public static string SetupSignIn => Table.Get();
    public static string SetupNextTitle => Table.Get();
    public static string SetupNextText => Table.Get();
    public static string SetupNextClient => Table.Get();
    public static string SetupNextUser => Table.Get();
    public static string SetupNextMail => Table.Get();
    public static string SetupNextAudit => Table.Get();
    public static string SetupNextHelp => Table.Get();

    public static string PasswordStrength(int score) => Table.With(score);

    public static string Of(Problem problem) => Table.With(problem.Number, "Problem_" + problem.Kind);

    /// <summary>Null for scopes of the operator's own making.</summary>
    public static string? Scope(string name) => Table.Find("Scope_" + name);
}
