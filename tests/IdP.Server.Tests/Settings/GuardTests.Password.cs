namespace IdP.Server.Tests.Settings;

/// <summary>
/// The same where no factor is bound and the password is the proof. That it is none where a factor is bound is the row "lower level" of the large table; that it is
/// none any more once one was bound is a row here.
/// </summary>
public abstract partial class GuardTests
{
    private static readonly string[] WithPassword = ["bind totp", "bind email"];

    private static readonly string[] BadPasswordProofs = ["none", "stale", "other action", "other person", "replayed", "other browser", "wrong password", "bound since"];

    public static TheoryData<string, string> PasswordTable
    {
        get
        {
            var table = new TheoryData<string, string>();
            foreach (var action in WithPassword)
            {
                foreach (var proof in BadPasswordProofs)
                    table.Add(action, proof);
            }

            return table;
        }
    }

    [Theory]
    [MemberData(nameof(PasswordTable))]
    public async Task A_password_that_is_no_proof_for_this_action_changes_nothing(string action, string proof)
    {
        using var scene = await GuardScene.SetWithoutFactorAsync(idp, action);
        await ChangesNothingAsync(scene, action, proof);
    }

    /// <summary>Its own form asks for the old one: a proof that was made for anything else is not looked at.</summary>
    [Theory, InlineData("none"), InlineData("wrong"), InlineData("another person's"), InlineData("given for another action")]
    public async Task A_new_password_takes_the_old_one_in_its_own_form(string proof)
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        using var stranger = await Owner.WithoutFactorAsync(idp);
        if (proof == "given for another action")
            await owner.ProveAsync(StepUp.GuardedAction.Bind("totp"));
        var page = await owner.Browser.VisitAsync("/account/password");
        Dictionary<string, string> form = new() { ["newPassword"] = "a thief's own password", ["again"] = "a thief's own password" };
        form["password"] = proof switch { "wrong" => owner.Person.Password + "!", "another person's" => stranger.Person.Password, _ => "" };
        var stop = await owner.Browser.SubmitAsync(page, form, "/account/password");
        Assert.Equal(form["password"].Length == 0 ? "MissingField" : "WrongOwnPassword", stop.Page!.QuerySelector("[data-problem]")!.GetAttribute("data-problem"));

        form["password"] = owner.Person.Password;
        Assert.Contains("done=", (await owner.Browser.SubmitAsync(stop, form, "/account/password")).Url.Query, StringComparison.Ordinal);
    }
}
