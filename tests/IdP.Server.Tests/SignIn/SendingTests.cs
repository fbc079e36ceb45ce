using IdP.Server.Accounts;
using IdP.Server.Recovery;
using IdP.Server.Storage;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>
/// Who sends a code: the person's own post, and nobody's link. A mail scanner and a stranger's page open links too, until the owner has no codes left.
/// </summary>
public abstract class SendingTests(TestIdp idp)
{
    private static readonly Dictionary<string, string> Nothing = [];

    [Fact]
    public async Task Links_to_the_confirming_page_send_nothing_and_its_button_does()
    {
        var person = await FactorPerson.AddAsync(idp, "email", "totp");
        using var owner = await AtSettingsAsync(person);
        const string Confirm = "/account/confirm?action=password&with=email";
        Stop at = null!;
        foreach (var link in (string[])[Confirm, Confirm, "/account/confirm/again?action=password&with=email", "/account/password", Confirm])
            at = await owner.Browser.VisitAsync(link);
        Assert.Equal(0, person.Mails);
        Assert.Contains("***@e***.example", at.Page!.QuerySelector("[data-unsent]")!.TextContent, StringComparison.Ordinal);
        Assert.Null(at.Page.QuerySelector("input[name=code]"));
        Assert.False(at.Page.QuerySelector("[data-send]")!.HasAttribute("disabled"));

        at = await owner.Browser.SendCodeAsync(at);
        Assert.Equal(1, person.Mails);
        at = await owner.Browser.SubmitAsync(at, Code(await person.CodeAsync()), "/account/confirm");
        Assert.Equal("/account/password", at.At);
    }

    [Fact]
    public async Task A_link_to_a_new_password_that_scanners_open_sends_nothing()
    {
        var person = await FactorPerson.AddAsync(idp, "email");
        var link = await LinkAsync(person);
        for (var scan = 0; scan < 4; scan++)
        {
            using var scanner = idp.Browser();
            Assert.NotNull((await scanner.OpenAsync(link)).Page!.QuerySelector("[data-unsent]"));
        }

        Assert.Equal(0, person.Mails);
        using var browser = idp.Browser();
        var at = await browser.SendCodeAsync(await browser.OpenAsync(link));
        Assert.Equal(1, person.Mails);
        Assert.NotNull((await browser.SubmitAsync(at, Code(await person.CodeAsync()), "/reset")).Page!.QuerySelector("input[name=newPassword]"));
    }

    [Fact]
    public async Task A_step_up_that_an_app_asks_for_sends_once_its_button_is_pressed()
    {
        var person = await FactorPerson.AddAsync(idp, "email");
        var calm = idp.App(TestClient.Calm);
        using var browser = idp.Browser();
        Assert.NotNull((await PasswordAsync(browser, person, calm.Ask())).Answer);
        var ask = calm.Ask().With("acr_values", "mfa");
        // Whoever can make the browser open the app can make the app ask.
        for (var times = 0; times < 4; times++)
            await browser.OpenAsync(ask.Url);
        Assert.Equal(0, person.Mails);

        var at = await browser.SendCodeAsync(await browser.OpenAsync(ask.Url));
        Assert.Equal(1, person.Mails);
        at = await browser.SubmitAsync(at, Code(await person.CodeAsync()), "/verify");
        Assert.Equal("mfa", (await idp.ReadAsync((await calm.RedeemAsync(at.MustAnswer(), ask)).MustSucceed().IdToken, "calm")).Acr);
    }

    [Fact]
    public async Task The_password_sends_the_first_code_and_a_double_click_sends_no_other()
    {
        var (hasty, calm) = (await FactorPerson.AddAsync(idp, "email"), await FactorPerson.AddAsync(idp, "email"));
        using var twice = idp.Browser();
        var at = await twice.OpenAsync(idp.App(TestClient.Web).Ask().Url);
        Dictionary<string, string> password = new() { ["userName"] = hasty.UserName, ["password"] = hasty.Password };
        await Race.RunAsync(3, _ => twice.SubmitAsync(at, password, "/sign-in"));
        Assert.Equal(1, hasty.Mails);

        using var browser = idp.Browser();
        at = await PasswordAsync(browser, calm);
        await Race.RunAsync(3, _ => browser.SubmitAsync(at, Nothing, "/verify/again"));
        Assert.Equal(1, calm.Mails);
        Assert.NotNull((await browser.SubmitAsync(at, Code(await calm.CodeAsync()), "/verify")).Answer);
    }

    [Fact]
    public async Task A_double_click_on_the_button_sends_one_code()
    {
        var person = await FactorPerson.AddAsync(idp, "email", "totp");
        using var owner = await AtSettingsAsync(person);
        var at = await owner.Browser.VisitAsync("/account/confirm?action=password&with=email");
        var pages = await Race.RunAsync(4, _ => owner.Browser.SendCodeAsync(at));
        Assert.Equal(1, person.Mails);
        Assert.All(pages, page => Assert.NotNull(page.Page!.QuerySelector("[data-send]")));
        at = await owner.Browser.VisitAsync("/account/confirm?action=password&with=email");
        Assert.Equal("/account/password", (await owner.Browser.SubmitAsync(at, Code(await person.CodeAsync()), "/account/confirm")).At);
    }

    [Fact]
    public async Task Another_code_cannot_be_asked_for_while_the_page_counts_down()
    {
        var person = await FactorPerson.AddAsync(idp, "email");
        using var browser = idp.Browser();
        var at = await PasswordAsync(browser, person);
        Assert.True(at.Page!.QuerySelector("[data-send]")!.HasAttribute("disabled"));
        // Without scripts the page is opened again.
        Assert.Equal("/verify" + at.Url.Query, at.Page.QuerySelector("noscript")!.InnerHtml.Split('"')[3]);
        idp.Clock.Forward(TimeSpan.FromSeconds(60));
        at = await browser.VisitAsync(at.Url.ToString());
        Assert.False(at.Page!.QuerySelector("[data-send]")!.HasAttribute("disabled"));
        Assert.Null(at.Page.QuerySelector("noscript, [data-seconds]"));
    }

    [Fact]
    public async Task A_way_that_cannot_send_is_never_offered_first()
    {
        var person = await FactorPerson.AddAsync(idp, "email", "totp");
        await idp.Service<Users>().PreferFactorAsync(person.Id, "email", By.Tool("tests"), default);
        for (var signIn = 0; signIn < 3; signIn++)
        {
            using var browser = idp.Browser();
            Assert.Equal("email", Asked(await PasswordAsync(browser, person)));
        }

        using var next = idp.Browser();
        var at = await PasswordAsync(next, person);
        Assert.Equal(("totp", 3), (Asked(at), person.Mails));
        // Chosen all the same it says why, and when it can.
        at = await next.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = "email" }, "/verify/other");
        Assert.NotNull(at.Page!.QuerySelector("[data-problem=CannotAsk]"));
        Assert.True(at.Page.QuerySelector("[data-send]")!.HasAttribute("disabled"));
        Assert.NotNull(at.Page.QuerySelector("[data-seconds]"));

        using var owner = await AtSettingsAsync(person);
        Assert.Equal("totp", Asked(await owner.Browser.VisitAsync("/account/confirm?action=unbind:" + (await person.BindingAsync("email")).Id)));
        using var forgetful = idp.Browser();
        Assert.Equal("totp", Asked(await forgetful.OpenAsync(await LinkAsync(person))));
        Assert.Equal(3, person.Mails);
    }

    [Fact]
    public async Task A_code_that_was_sent_can_be_typed_after_another_way_was_looked_at()
    {
        var person = await FactorPerson.AddAsync(idp, "email", "totp", "recovery");
        using var owner = await AtSettingsAsync(person);
        const string Confirm = "/account/confirm?action=password&with=";
        await owner.Browser.SendCodeAsync(await owner.Browser.VisitAsync(Confirm + "email"));
        var code = await person.CodeAsync();
        foreach (var other in (string[])["totp", "recovery"])
        {
            // What is asked there is asked of that factor alone.
            var wrong = await owner.Browser.SubmitAsync(await owner.Browser.VisitAsync(Confirm + other), Code(code), "/account/confirm");
            Assert.Equal("WrongCode", wrong.Page!.QuerySelector("[data-problem]")!.GetAttribute("data-problem"));
        }

        var at = await owner.Browser.VisitAsync(Confirm + "email");
        Assert.Equal("/account/password", (await owner.Browser.SubmitAsync(at, Code(code), "/account/confirm")).At);
        Assert.Equal(1, person.Mails);
    }

    [Fact]
    public async Task The_address_that_is_being_bound_is_shown_whole_and_can_be_corrected()
    {
        var person = await FactorPerson.AddAsync(idp, "totp");
        using var owner = await AtSettingsAsync(person);
        var at = await owner.OpenGuardedAsync("/account/two-step/bind?factor=email");
        string typo = $"{person.UserName}@elsewhere.exampel", right = person.Mailbox;
        at = await owner.Browser.SubmitAsync(at, Said(typo), "/account/two-step/bind/offer");
        Assert.Equal(typo, at.Page!.QuerySelector("[data-sent-to]")!.GetAttribute("data-sent-to"));

        var question = await owner.Browser.VisitAsync(at.Page.QuerySelector("[data-sent-to] a")!.GetAttribute("href")!);
        Assert.Equal(typo, question.Page!.QuerySelector("input[name=said]")!.GetAttribute("value"));
        // Refused, the address before is still there to be typed for.
        var refused = await owner.Browser.SubmitAsync(question, Said($"{person.UserName}@example.com"), "/account/two-step/bind/offer");
        Assert.NotNull(refused.Page!.QuerySelector("[data-problem=Refused]"));
        var back = refused.Page.QuerySelectorAll("a.button").Single(link => link.TextContent.Contains(typo, StringComparison.Ordinal));
        Assert.NotNull((await owner.Browser.VisitAsync(back.GetAttribute("href")!)).Page!.QuerySelector("input[name=code]"));

        at = await owner.Browser.SubmitAsync(question, Said(right), "/account/two-step/bind/offer");
        Assert.Equal(right, at.Page!.QuerySelector("[data-sent-to]")!.GetAttribute("data-sent-to"));
        Assert.Equal("/account/two-step", (await owner.AnswerAsync(at, idp.Postbox.CodeTo(right))).At);
        // What went to the wrong address binds nothing any more.
        Assert.Equal("email totp", string.Join(' ', (await owner.BindingsAsync()).Select(binding => binding.Factor).Order()));
    }

    private static Dictionary<string, string> Code(string code) => new() { ["code"] = code };

    private static Dictionary<string, string> Said(string address) => new() { ["said"] = address };

    private static string? Asked(Stop at) => at.Page!.QuerySelector("[data-factor]")?.GetAttribute("data-factor");

    private async Task<string> LinkAsync(FactorPerson person) =>
        "/reset?token=" + await idp.Service<Database>().TransactAsync(lane => idp.Service<PasswordReset>().MakeAsync(lane, person.Id, default), default);

    /// <summary>Signed in with the OTP app, whose next code is another.</summary>
    private async Task<Owner> AtSettingsAsync(FactorPerson person)
    {
        var owner = new Owner(idp, person.Person, idp.Browser());
        var mails = person.Mails;
        await idp.Service<Users>().PreferFactorAsync(person.Id, "totp", By.Tool("tests"), default);
        Assert.Equal("/account", (await owner.SignInAsync()).At);
        Assert.Equal(mails, person.Mails);
        person.LetTimePass();
        return owner;
    }

    private async Task<Stop> PasswordAsync(Browser browser, FactorPerson person, AuthorizationAsk? ask = null) => await browser.SubmitAsync(
        await browser.OpenAsync((ask ?? idp.App(TestClient.Web).Ask()).Url),
        new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
}

public sealed class Sending_on_SQLite_and_memory(SqliteFactorHost host) : SendingTests(host.Idp), IClassFixture<SqliteFactorHost>;

[Thorough]
public sealed class Sending_on_PostgreSQL_and_Redis(PostgresFactorHost host) : SendingTests(host.Idp), IClassFixture<PostgresFactorHost>;
