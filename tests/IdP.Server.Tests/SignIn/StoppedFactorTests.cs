using IdP.Server.Accounts;
using IdP.Server.Recovery;
using IdP.Server.Storage;
using IdP.Server.StepUp;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>A hundred wrong codes in a row, whoever typed them, close one way in. Every page says so, and the owner's proof by another way opens it again.</summary>
public abstract class StoppedFactorTests(TestIdp idp)
{
    private static readonly byte[] Browser = new byte[32];

    [Fact]
    public async Task At_sign_in_another_way_opens_it_again()
    {
        var person = await FactorPerson.AddAsync(idp, "totp", "email");
        await StopAsync(person);
        using var browser = idp.Browser();
        var at = await AtVerifyAsync(browser, person, "totp");
        at = await browser.SubmitAsync(at, Code(await person.CodeAsync()), "/verify");
        SaysStopped(at);
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = "email" }, "/verify/other");
        Assert.NotNull((await browser.SubmitAsync(at, Code(await MailedAsync(person)), "/verify")).MustAnswer()["code"]);

        using var later = idp.Browser();
        at = await AtVerifyAsync(later, person, "totp");
        Assert.NotNull((await later.SubmitAsync(at, Code(await person.CodeAsync()), "/verify")).MustAnswer()["code"]);
    }

    [Fact]
    public async Task In_the_settings_another_way_opens_it_again()
    {
        var person = await FactorPerson.AddAsync(idp, "totp", "email");
        using var browser = idp.Browser();
        var at = await ChooseAsync(browser, await PasswordAsync(browser, await browser.VisitAsync("/account"), person), "email");
        Assert.Equal("/account", (await browser.SubmitAsync(at, Code(await MailedAsync(person)), "/verify")).At);
        await StopAsync(person);
        await StopOwnAsync(person, (await idp.StoredAsync("select id from known_browsers where user_id = @id", row => row.GetString(0), ("@id", person.Id)))!);
        const string Confirm = "/account/confirm?action=password&with=";
        SaysStopped(await browser.SubmitAsync(await browser.VisitAsync(Confirm + "totp"), Code(await person.CodeAsync()), "/account/confirm"));
        at = await browser.SendCodeAsync(await browser.VisitAsync(Confirm + "email"));
        Assert.Equal("/account/password", (await browser.SubmitAsync(at, Code(await MailedAsync(person)), "/account/confirm")).At);
        await OpenAsync(person);
    }

    [Fact]
    public async Task On_the_way_to_a_new_password_another_way_opens_it_again()
    {
        var person = await FactorPerson.AddAsync(idp, "totp", "email");
        await StopAsync(person);
        await StopOwnAsync(person, GuessLimits.AfterReset(person.Id));
        var token = await idp.Service<Database>().TransactAsync(lane => idp.Service<PasswordReset>().MakeAsync(lane, person.Id, default), default);
        using var browser = idp.Browser();
        var at = await browser.OpenAsync($"/reset?token={token}&with=totp");
        SaysStopped(await browser.SubmitAsync(at, Code(await person.CodeAsync()), "/reset"));
        at = await browser.SendCodeAsync(await browser.VisitAsync($"/reset?token={token}&with=email"));
        at = await browser.SubmitAsync(at, Code(await MailedAsync(person)), "/reset");
        Assert.NotNull(at.Page!.QuerySelector("input[name=newPassword]"));
        await OpenAsync(person);
    }

    [Fact]
    public async Task Who_has_no_other_way_asks_the_operator()
    {
        var person = await FactorPerson.AddAsync(idp, "totp");
        await StopAsync(person);
        using var browser = idp.Browser();
        var at = await browser.SubmitAsync(await AtVerifyAsync(browser, person, "totp"), Code(await person.CodeAsync()), "/verify");
        Assert.Equal("Stopped", Problem(at));
        await idp.Service<Users>().UnlockAsync(person.Id, "cli", default);
        Assert.NotNull((await browser.SubmitAsync(at, Code(await person.CodeAsync()), "/verify")).MustAnswer()["code"]);
    }

    /// <summary>There is no account behind it that anybody could guess their way into, and nothing else that could open it again.</summary>
    [Fact]
    public async Task A_hundred_wrong_answers_never_close_the_binding_itself()
    {
        var person = await FactorPerson.AddAsync(idp, "totp");
        for (var round = 0; round < 11; round++)
        {
            foreach (var _ in (int[])[1, 2])
            {
                var (offer, fresh) = await OfferAsync(person);
                for (var wrong = 0; wrong < 5; wrong++)
                    Assert.IsType<EnrolmentOutcome.Wrong>(await ConfirmAsync(person, offer, fresh.WrongCodeAt(idp.Clock)));
            }

            // Ten in ten minutes hold here as everywhere.
            var (full, other) = await OfferAsync(person);
            Assert.IsType<EnrolmentOutcome.TooMany>(await ConfirmAsync(person, full, other.CodeAt(idp.Clock)));
            idp.Clock.Forward(TimeSpan.FromMinutes(10));
        }

        var (last, owner) = await OfferAsync(person);
        Assert.IsType<EnrolmentOutcome.Bound>(await ConfirmAsync(person, last, owner.CodeAt(idp.Clock)));
    }

    private static string? Problem(Stop stop) => stop.Page?.QuerySelector("[data-problem]")?.GetAttribute("data-problem");

    private static Dictionary<string, string> Code(string code) => new() { ["code"] = code };

    private static void SaysStopped(Stop at)
    {
        Assert.Equal("Stopped", Problem(at));
        Assert.True(at.Page!.QuerySelector("details")!.HasAttribute("open"), "the way on is not in sight");
    }

    private async Task StopAsync(FactorPerson person)
    {
        var key = GuessLimits.FactorKey(person.Id, "totp");
        for (var guess = 0; guess < 100; guess++)
        {
            Assert.IsType<GuessAnswer.Allowed>(await idp.Service<GuessLimits>().TryReserveAsync(key, default));
            if (guess % 10 == 9)
                idp.Clock.Forward(TimeSpan.FromMinutes(10));
        }

        Assert.IsType<GuessAnswer.Stopped>(await idp.Service<GuessLimits>().TryReserveAsync(key, default));
    }

    /// <summary>The same in a browser of the person's own, which is counted apart.</summary>
    private Task StopOwnAsync(FactorPerson person, string device) => idp.Service<Database>().ExecuteAsync("""
        insert into guess_counters (key, in_row, in_window, window_start) values (@key, 100, 1, 0)
        """, default, ("@key", GuessLimits.FactorKey(person.Id, "totp", device)));

    private async Task OpenAsync(FactorPerson person) =>
        Assert.IsType<GuessAnswer.Allowed>(await idp.Service<GuessLimits>().TryReserveAsync(GuessLimits.FactorKey(person.Id, "totp"), default));

    private static Task<string> MailedAsync(FactorPerson person) => (person with { Factor = "email" }).CodeAsync();

    private async Task<(string Offer, Person Owner)> OfferAsync(FactorPerson person)
    {
        var enrolments = idp.Service<Enrolments>();
        var (offer, _) = await enrolments.OfferAsync(enrolments.Find("totp")!, new(person.Id, person.UserName), Browser, null, null, default);
        var secret = (await enrolments.FindAsync(offer, person.Id, Browser, default))!.Show["secret"];
        return (offer!, person.Person with { TotpSecret = secret });
    }

    private Task<EnrolmentOutcome> ConfirmAsync(FactorPerson person, string offer, string code) =>
        idp.Service<Enrolments>().ConfirmAsync(offer, person.Id, Browser, new Answer.Code(code), By.Tool("tests"), default);

    private async Task<Stop> AtVerifyAsync(Browser browser, FactorPerson person, string factor) =>
        await ChooseAsync(browser, await PasswordAsync(browser, await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url), person), factor);

    private static Task<Stop> PasswordAsync(Browser browser, Stop at, FactorPerson person) =>
        browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");

    private static async Task<Stop> ChooseAsync(Browser browser, Stop at, string factor) => at.Page!.QuerySelector("[data-factor]")!.GetAttribute("data-factor") == factor
        ? at : await browser.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = factor }, "/verify/other");
}
