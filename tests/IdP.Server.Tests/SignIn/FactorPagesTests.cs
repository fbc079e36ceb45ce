using IdP.Server.Recovery;
using IdP.Server.Storage;
using IdP.Server.Tests.FurtherFactors.KeyFob;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>
/// The factors' contract once more, through the pages: a right code given in another browser, to another person's question, to another action's or to one that was
/// left opens nothing, and costs its owner nothing.
/// </summary>
public abstract class FactorPagesTests(TestIdp idp)
{
    private static readonly string[] Factors = ["totp", "email", "recovery", KeyFobFactor.Id];

    public static TheoryData<string> Table => [.. Factors];

    [Theory, MemberData(nameof(Table))]
    public async Task A_code_given_to_the_owners_sign_in_from_another_browser(string factor)
    {
        var person = await FactorPerson.AddAsync(idp, factor);
        using var browser = idp.Browser();
        using var other = idp.Browser();
        var at = await PasswordAsync(browser, person);
        var theirs = await PasswordAsync(other, person);
        var code = await NewestAsync(person, browser, at);
        var stop = await other.PostAsync("/verify" + at.Url.Query, [new("__csrf", Browser.Fields(theirs.Form())["__csrf"]), new("code", code)]);
        Assert.Equal("session_expired", stop.PersonError);
        Assert.NotNull((await browser.SubmitAsync(at, Code(code), "/verify")).MustAnswer()["code"]);
    }

    [Theory, MemberData(nameof(Table))]
    public async Task A_code_given_to_another_persons_sign_in(string factor)
    {
        var (owner, thief) = (await FactorPerson.AddAsync(idp, factor), await FactorPerson.AddAsync(idp, factor));
        using var browser = idp.Browser();
        using var other = idp.Browser();
        var at = await PasswordAsync(browser, owner);
        var code = await owner.CodeAsync();
        var stop = await other.SubmitAsync(await PasswordAsync(other, thief), Code(code), "/verify");
        Assert.Equal(("/verify", "WrongCode"), (stop.At, Problem(stop)));
        Assert.NotNull((await browser.SubmitAsync(at, Code(code), "/verify")).MustAnswer()["code"]);
    }

    [Theory, MemberData(nameof(Table))]
    public async Task A_code_for_one_change_given_to_another(string factor)
    {
        var person = await FactorPerson.AddAsync(idp, factor, "totp");
        using var owner = await AtSettingsAsync(person);
        var at = await owner.Browser.SendCodeAsync(await owner.Browser.VisitAsync("/account/confirm?action=password&with=" + factor));
        var code = await person.CodeAsync();
        var stop = await owner.Browser.PostAsync($"/account/confirm?action=bind:totp&with={factor}", [new("__csrf", Browser.Fields(at.Form())["__csrf"]), new("code", code)]);
        Assert.Equal(("/account/confirm", "CodeExpired"), (stop.At, Problem(stop)));
        // And the proof for the one is none for the other.
        Assert.Equal("/account/password", (await owner.Browser.SubmitAsync(at, Code(code), "/account/confirm")).At);
        Assert.Equal("/account/confirm", (await owner.Browser.VisitAsync("/account/two-step/bind?factor=totp")).At);
    }

    [Theory, MemberData(nameof(Table))]
    public async Task A_code_for_a_change_given_at_another_persons_pages_or_in_another_browser_of_the_owners(string factor)
    {
        var (person, stranger) = (await FactorPerson.AddAsync(idp, factor, "totp"), await FactorPerson.AddAsync(idp, factor, "totp"));
        using var owner = await AtSettingsAsync(person);
        using var elsewhere = await AtSettingsAsync(person);
        using var thief = await AtSettingsAsync(stranger);
        var at = await owner.Browser.SendCodeAsync(await owner.Browser.VisitAsync("/account/confirm?action=password&with=" + factor));
        var code = await person.CodeAsync();

        var stop = await thief.Browser.SubmitAsync(
            await thief.Browser.SendCodeAsync(await thief.Browser.VisitAsync("/account/confirm?action=password&with=" + factor)), Code(code), "/account/confirm");
        Assert.Equal(("/account/confirm", "WrongCode"), (stop.At, Problem(stop)));
        var csrf = Browser.Fields((await elsewhere.Browser.VisitAsync("/account/profile")).Form())["__csrf"];
        stop = await elsewhere.Browser.PostAsync($"/account/confirm?action=password&with={factor}", [new("__csrf", csrf), new("code", code)]);
        Assert.Equal(("/account/confirm", "CodeExpired"), (stop.At, Problem(stop)));

        Assert.Equal("/account/password", (await owner.Browser.SubmitAsync(at, Code(code), "/account/confirm")).At);
        Assert.Equal("/account/confirm", (await elsewhere.Browser.VisitAsync("/account/password")).At);
    }

    [Theory, MemberData(nameof(Table))]
    public async Task A_code_for_a_new_password_given_in_another_browser_that_has_the_link(string factor)
    {
        var person = await FactorPerson.AddAsync(idp, factor);
        var link = "/reset?token=" + await idp.Service<Database>().TransactAsync(lane => idp.Service<PasswordReset>().MakeAsync(lane, person.Id, default), default);
        using var browser = idp.Browser();
        using var other = idp.Browser();
        var at = await browser.SendCodeAsync(await browser.OpenAsync(link));
        var code = await person.CodeAsync();
        var csrf = Browser.Fields((await other.VisitAsync("/forgot")).Form())["__csrf"];
        var stop = await other.PostAsync(link, [new("__csrf", csrf), new("code", code)]);
        Assert.Equal("CodeExpired", Problem(stop));
        Assert.Null(stop.Page!.QuerySelector("input[name=newPassword]"));

        Assert.NotNull((await browser.SubmitAsync(at, Code(code), "/reset")).Page!.QuerySelector("input[name=newPassword]"));
        Assert.Null((await other.VisitAsync(link)).Page!.QuerySelector("input[name=newPassword]"));
    }

    [Theory, MemberData(nameof(Table))]
    public async Task A_code_given_to_a_question_that_was_left_for_another_factors(string factor)
    {
        var other = factor == "totp" ? "email" : "totp";
        var person = await FactorPerson.AddAsync(idp, factor, other);
        using var browser = idp.Browser();
        var at = await ChooseAsync(browser, await PasswordAsync(browser, person), factor);
        var code = await person.CodeAsync();
        await ChooseAsync(browser, at, other);
        // The page that was left, as the back button brings it.
        var stop = await browser.SubmitAsync(at, Code(code), "/verify");
        Assert.Equal(("/verify", "WrongCode"), (stop.At, Problem(stop)));

        at = await ChooseAsync(browser, stop, factor);
        // A code that was sent already can be typed once its owner has come back: there is no other mail.
        Assert.Equal(person.Factor == "email" || other == "email" ? 1 : 0, person.Mails);
        Assert.NotNull((await browser.SubmitAsync(at, Code(code), "/verify")).MustAnswer()["code"]);
    }

    [Theory, MemberData(nameof(Table))]
    public async Task A_code_given_to_a_sign_in_that_was_given_up(string factor)
    {
        var person = await FactorPerson.AddAsync(idp, factor);
        using var browser = idp.Browser();
        var at = await PasswordAsync(browser, person);
        var code = await person.CodeAsync();
        Assert.Equal("access_denied", (await browser.SubmitAsync(at, new Dictionary<string, string>(), "/connect/cancel")).MustAnswer().Error);
        var stop = await browser.SubmitAsync(at, Code(code), "/verify");
        Assert.Equal("session_expired", stop.PersonError);
        Assert.Equal("login_required", (await browser.OpenAsync(idp.App(TestClient.Calm).Ask().With("prompt", "none").Url)).MustAnswer().Error);

        // Begun again: what was mailed before belongs to the question before; what the person has was not used up.
        at = await PasswordAsync(browser, person);
        if (factor == "email")
        {
            Assert.Equal("WrongCode", Problem(await browser.SubmitAsync(at, Code(code), "/verify")));
            code = await person.CodeAsync();
        }

        Assert.NotNull((await browser.SubmitAsync(at, Code(code), "/verify")).MustAnswer()["code"]);
    }

    private static Dictionary<string, string> Code(string code) => new() { ["code"] = code };

    private static string? Problem(Stop at) => at.Page!.QuerySelector("[data-problem]")?.GetAttribute("data-problem");

    private static async Task<Stop> ChooseAsync(Browser browser, Stop at, string factor) => at.Page!.QuerySelector("[data-factor]")!.GetAttribute("data-factor") == factor
        ? at
        : await browser.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = factor }, "/verify/other");

    /// <summary>Of mailed codes the one that belongs to this browser's question: asked for anew, a minute later.</summary>
    private async Task<string> NewestAsync(FactorPerson person, Browser browser, Stop at)
    {
        if (person.Factor == "email")
        {
            idp.Clock.Forward(TimeSpan.FromMinutes(2));
            await browser.SubmitAsync(at, new Dictionary<string, string>(), "/verify/again");
        }

        return await person.CodeAsync();
    }

    /// <summary>Signed in with the OTP app, whose next code is another.</summary>
    private async Task<Owner> AtSettingsAsync(FactorPerson person)
    {
        var owner = new Owner(idp, person.Person, idp.Browser());
        var at = await PasswordAsync(owner.Browser, person, await owner.Browser.VisitAsync("/account"));
        if (at.Page!.QuerySelector("[data-factor]")!.GetAttribute("data-factor") != "totp")
            at = await owner.Browser.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = "totp" }, "/verify/other");
        Assert.Equal("/account", (await owner.Browser.SubmitAsync(at, Code(await person.CodeAsync("totp")), "/verify")).At);
        person.LetTimePass();
        return owner;
    }

    private async Task<Stop> PasswordAsync(Browser browser, FactorPerson person, Stop? at = null) => await browser.SubmitAsync(
        at ?? await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url), new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
}

public sealed class FactorPages_on_SQLite_and_memory(SqliteFactorHost host) : FactorPagesTests(host.Idp), IClassFixture<SqliteFactorHost>;

[Thorough]
public sealed class FactorPages_on_PostgreSQL_and_Redis(PostgresFactorHost host) : FactorPagesTests(host.Idp), IClassFixture<PostgresFactorHost>;
