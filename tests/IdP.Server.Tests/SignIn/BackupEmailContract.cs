using System.Diagnostics;
using System.Text;
using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Hosting;
using IdP.Server.Mail;
using IdP.Server.StepUp;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>Codes by mail (J-06, J-22): how many, to where, and what happens when mail does not work.</summary>
public abstract partial class BackupEmailContract(TestIdp idp)
{
    private static readonly byte[] Browser = new byte[32];

    [Fact]
    public async Task Password_and_a_mailed_code_sign_in_and_the_mail_says_who_asks()
    {
        var person = await FactorPerson.AddAsync(idp, "email");
        using var browser = idp.Browser();
        browser.Language = "zh-CN";
        var app = idp.App(TestClient.Web);
        var ask = app.Ask();
        var at = await PasswordAsync(browser, ask, person);
        Assert.Equal("/verify", at.At);
        Assert.Contains($"{person.UserName[0]}***@e***.example", at.Page!.Body!.TextContent, StringComparison.Ordinal);
        Assert.Null(at.Page.QuerySelector("[data-notice]"));

        var mail = idp.Postbox.Delivered.Last(mail => mail.Recipient == person.Mailbox);
        Assert.Equal("zh-Hans", mail.Language);
        Assert.Contains("127.0.0.1", mail.Text, StringComparison.Ordinal);
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = await person.WrongCodeAsync() }, "/verify");
        Assert.Equal("/verify", at.At);
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = await person.CodeAsync() }, "/verify");
        var tokens = (await app.RedeemAsync(at.MustAnswer(), ask)).MustSucceed();
        var id = await idp.ReadAsync(tokens.IdToken, TestClient.Web.Id);
        Assert.Equal(("mfa", "pwd otp mca mfa"), (id.Acr, string.Join(' ', id.Amr)));
        Assert.Equal(1, person.Mails);
    }

    [Fact]
    public async Task A_reload_sends_nothing_and_another_code_comes_after_a_minute_and_replaces_the_first()
    {
        var person = await FactorPerson.AddAsync(idp, "email");
        using var browser = idp.Browser();
        var at = await PasswordAsync(browser, idp.App(TestClient.Web).Ask(), person);
        var first = await person.CodeAsync();
        await browser.VisitAsync(at.Url.ToString());
        at = await browser.SubmitAsync(at, new Dictionary<string, string>(), "/verify/again");
        Assert.Equal(1, person.Mails);

        idp.Clock.Forward(TimeSpan.FromSeconds(60));
        at = await browser.SubmitAsync(at, new Dictionary<string, string>(), "/verify/again");
        Assert.Equal(2, person.Mails);
        var second = await person.CodeAsync();
        at = await browser.VisitAsync(at.Url.ToString().Replace("/verify/again", "/verify", StringComparison.Ordinal));
        if (first != second)
        {
            at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = first }, "/verify");
            Assert.Equal("/verify", at.At);
        }

        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = second }, "/verify");
        Assert.NotNull(at.MustAnswer()["code"]);
    }

    [Fact]
    public async Task The_wait_for_another_code_doubles_and_the_fourth_comes_no_sooner_than_ten_minutes_after_the_first()
    {
        var person = await FactorPerson.AddAsync(idp, "email");
        using var browser = idp.Browser();
        var at = await PasswordAsync(browser, idp.App(TestClient.Web).Ask(), person);
        foreach (var (seconds, mails) in new[] { (50, 1), (10, 2), (60, 2), (50, 2), (10, 3), (240, 3) })
        {
            idp.Clock.Forward(TimeSpan.FromSeconds(seconds));
            at = await browser.SubmitAsync(at, new Dictionary<string, string>(), "/verify/again");
            Assert.True(person.Mails == mails, $"{seconds} seconds later: {person.Mails} mails instead of {mails}");
        }

        // By now the third code is too old: another is what the page itself would ask for.
        idp.Clock.Forward(TimeSpan.FromSeconds(170));
        at = await browser.SubmitAsync(at, new Dictionary<string, string>(), "/verify/again");
        Assert.NotNull(at.Page!.QuerySelector("[data-problem=CannotAsk]"));
        Assert.Equal(3, person.Mails);
        idp.Clock.Forward(TimeSpan.FromSeconds(10));
        at = await browser.VisitAsync(at.Url.ToString().Replace("/verify/again", "/verify", StringComparison.Ordinal));
        Assert.Equal(3, person.Mails);
        await browser.SendCodeAsync(at);
        Assert.Equal(4, person.Mails);
    }

    [Fact]
    public async Task However_many_ask_at_once_three_go_out_in_ten_minutes_and_ten_a_day()
    {
        var person = await FactorPerson.AddAsync(idp, "email");
        for (var (round, sent) = (1, 0); sent < 10; round++)
        {
            var starts = await Race.RunAsync(24, n => idp.Service<StepUpService>(n % idp.Ports.Count).StartAsync(person.Id, "email", $"sign-in:{round}-{n}", Browser, null, default));
            var asked = starts.Where(start => start.Challenge is not null).ToList();
            sent += asked.Count;
            Assert.Equal(Math.Min(3, 10 - (sent - asked.Count)), asked.Count);
            Assert.Equal(sent, person.Mails);
            Assert.All(starts.Except(asked), start => Assert.Equal(sent == 10 ? "TooManyToday" : "TooMany", start.Reason));
            // A right answer does not give the day's mails back.
            Assert.IsType<StepUpOutcome.Passed>(await RightAsync(person, asked, round));
            idp.Clock.Forward(TimeSpan.FromMinutes(10));
        }

        Assert.Equal("TooManyToday", (await idp.Service<StepUpService>().StartAsync(person.Id, "email", "sign-in:x", Browser, null, default)).Reason);
        idp.Clock.Forward(TimeSpan.FromDays(1));
        Assert.NotNull((await idp.Service<StepUpService>().StartAsync(person.Id, "email", "sign-in:y", Browser, null, default)).Challenge);
    }

    [Theory]
    [InlineData("away", "totp")]
    [InlineData("refusing", "totp")]
    [InlineData("slow", "email")]
    public async Task When_mail_does_not_work_the_person_is_told_in_two_seconds_and_goes_on_another_way(string trouble, string offered)
    {
        var person = await FactorPerson.AddAsync(idp, "email", "totp");
        await idp.Service<Users>().PreferFactorAsync(person.Id, "email", By.Tool("tests"), default);
        using var browser = idp.Browser();
        var gate = new TaskCompletionSource();
        idp.Postbox.Instead = async (_, _) =>
        {
            if (trouble == "slow")
                await gate.Task;
            return trouble == "refusing" ? new Delivery.Refused("550") : new Delivery.Later("451");
        };
        try
        {
            // The password's hash is not mail's matter: the clock runs from the page behind it.
            var at = await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url);
            var watch = Stopwatch.StartNew();
            at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
            Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
            Assert.Equal("/verify", at.At);
            Assert.Equal(offered, at.Page!.QuerySelector("[data-factor]")!.GetAttribute("data-factor"));
            Assert.NotNull(at.Page.QuerySelector("[data-notice]"));
            Assert.True(at.Page.QuerySelector("details")!.HasAttribute("open"));

            if (offered == "email")
                at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = "totp" }, "/verify/other");
            at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = person.Person.CodeAt(idp.Clock) }, "/verify");
            Assert.NotNull(at.MustAnswer()["code"]);
        }
        finally
        {
            idp.Postbox.Instead = null;
            gate.SetResult();
        }

        // What nobody waits for any more is not sent afterwards.
        Assert.Equal(0, person.Mails);
        Assert.All((await idp.Service<Outbox>().NewestAsync(50, default)).Where(mail => mail.Recipient == person.Mailbox && trouble != "slow"), mail => Assert.NotNull(mail.FailedAt));
    }

    [Theory]
    [InlineData("not an address", "NotAnAddress")]
    [InlineData("a@b", "NotAnAddress")]
    [InlineData("a@elsewhere.example\r\nBcc: b@elsewhere.example", "NotAnAddress")]
    [InlineData("a@[127.0.0.1]", "NotAnAddress")]
    [InlineData("me@example.com", "OwnDomain")]
    [InlineData("me@EXAMPLE.COM", "OwnDomain")]
    [InlineData("me@mail.example.com", "OwnDomain")]
    [InlineData("me@xn--fctx20g.example", "OwnDomain")]
    [InlineData("me@example\u3002com", "OwnDomain")]
    [InlineData("me@mail\uFF0Eexample\uFF61com", "OwnDomain")]
    [InlineData("me@example.com\u3002", "NotAnAddress")]
    [InlineData("me@example.com\uFF0E", "NotAnAddress")]
    [InlineData("me@example.com\uFF61", "NotAnAddress")]
    [InlineData("me@example.com\u2024", "NotAnAddress")]
    public async Task An_address_that_is_no_backup_is_refused_with_the_reason(string said, string reason)
    {
        var person = await FactorPerson.AddAsync(idp, "totp");
        Assert.Equal(reason, (await OfferAsync(person, said)).Refused);
        Assert.NotNull(idp.Service<SecondFactors>().Find("email")!.Info.Words.Find(reason));
    }

    [Fact]
    public async Task The_accounts_own_address_is_no_backup()
    {
        var users = idp.Service<Users>();
        var name = "own" + idp.Ports[0];
        var id = (await users.AddAsync(new UserDraft { UserName = name, Email = $"{name}@another.example" }, null, "tests", default))!;
        var (_, refused) = await idp.Service<Enrolments>().OfferAsync(Enrolment, new(id, name), Browser, $" {name.ToUpperInvariant()}@Another.example ", null, default);
        Assert.Equal("OwnAddress", refused);
        foreach (var same in (string[])[$"{name}@another\u3002example", $"{name}+backup@another.example", $"{name.ToUpperInvariant()}+A+B@ANOTHER.example."])
        {
            (_, refused) = await idp.Service<Enrolments>().OfferAsync(Enrolment, new(id, name), Browser, same, null, default);
            Assert.Equal(same.EndsWith('.') ? "NotAnAddress" : "OwnAddress", refused);
        }
    }

    [Fact]
    public async Task An_address_is_bound_by_the_code_that_went_there_and_the_old_one_works_until_then()
    {
        var person = await FactorPerson.AddAsync(idp, "email");
        var (enrolments, bindings) = (idp.Service<Enrolments>(), idp.Service<FactorBindings>());
        var before = Assert.Single(await bindings.ListAsync(person.Id, default));
        var fresh = $"new-{person.UserName}@elsewhere.example";
        var (offer, refused) = await OfferAsync(person, fresh, before.Id);
        Assert.Null(refused);
        var code = CodeIn(fresh);

        // Codes of one kind are worth nothing for the other.
        var challenge = (await idp.Service<StepUpService>().StartAsync(person.Id, "email", "sign-in:1", Browser, null, default)).Challenge!;
        var signInCode = await person.CodeAsync();
        Assert.IsType<StepUpOutcome.Wrong>(await idp.Service<StepUpService>().AnswerAsync(challenge.Id, person.Id, "sign-in:1", Browser, new Answer.Code(code), default));
        Assert.IsType<EnrolmentOutcome.Wrong>(await ConfirmAsync(person, offer, signInCode));
        Assert.IsType<EnrolmentOutcome.Over>(await enrolments.ConfirmAsync(offer, person.Id, [.. Enumerable.Repeat((byte)1, 32)], new Answer.Code(code), By.Tool("tests"), default));
        Assert.Equal(before.Id, Assert.Single(await bindings.ListAsync(person.Id, default)).Id);

        var outcomes = await Race.RunAsync(4, n => idp.Service<Enrolments>(n % idp.Ports.Count).ConfirmAsync(offer, person.Id, Browser, new Answer.Code(code), By.Tool("tests"), default));
        var bound = Assert.Single(outcomes.OfType<EnrolmentOutcome.Bound>()).Binding;
        Assert.Equal((fresh, "n***@e***.example"), (Encoding.UTF8.GetString(Assert.Single(await bindings.ListAsync(person.Id, default)).Data), bound.Label));
        // The question that was mailed to the old address is answered by nobody now.
        Assert.IsType<StepUpOutcome.Wrong>(await idp.Service<StepUpService>().AnswerAsync(challenge.Id, person.Id, "sign-in:1", Browser, new Answer.Code(signInCode), default));
    }

    [Fact]
    public async Task A_code_for_an_address_is_good_for_five_minutes_and_another_may_be_sent_after_one()
    {
        var person = await FactorPerson.AddAsync(idp, "totp");
        var (offer, _) = await OfferAsync(person, person.Mailbox);
        var enrolments = idp.Service<Enrolments>();
        Assert.Equal(offer, (await enrolments.AgainAsync(new(person.Id, person.UserName), Browser, offer, default)).OfferId);
        idp.Clock.Forward(TimeSpan.FromMinutes(1));
        var (again, _) = await enrolments.AgainAsync(new(person.Id, person.UserName), Browser, offer, default);
        Assert.NotEqual(offer, again);
        Assert.Null(await enrolments.FindAsync(offer, person.Id, Browser, default));
        var code = CodeIn(person.Mailbox);
        idp.Clock.Forward(TimeSpan.FromMinutes(5));
        Assert.IsType<EnrolmentOutcome.Wrong>(await ConfirmAsync(person, again, code));
    }

    [Fact]
    public async Task Another_code_makes_the_offer_no_longer()
    {
        var person = await FactorPerson.AddAsync(idp, "totp");
        var (offer, _) = await OfferAsync(person, person.Mailbox);
        idp.Clock.Forward(TimeSpan.FromMinutes(6));
        var (again, _) = await idp.Service<Enrolments>().AgainAsync(new(person.Id, person.UserName), Browser, offer, default);
        Assert.NotEqual(offer, again);
        // The code itself would be good for another minute.
        idp.Clock.Forward(TimeSpan.FromMinutes(4));
        Assert.IsType<EnrolmentOutcome.Over>(await ConfirmAsync(person, again, CodeIn(person.Mailbox)));
    }

    private IEnrolment Enrolment => idp.Service<Enrolments>().Find("email")!;

    private Task<(string? OfferId, string? Refused)> OfferAsync(FactorPerson person, string said, string? replaces = null) =>
        idp.Service<Enrolments>().OfferAsync(Enrolment, new(person.Id, person.UserName, Circumstances.Unknown), Browser, said, replaces, default);

    private Task<EnrolmentOutcome> ConfirmAsync(FactorPerson person, string? offer, string code) =>
        idp.Service<Enrolments>().ConfirmAsync(offer, person.Id, Browser, new Answer.Code(code), By.Tool("tests"), default);

    private string CodeIn(string mailbox) => idp.Postbox.Delivered.Last(mail => mail.Recipient == mailbox).Text.Split('\n').First(line => line.Length == 6 && line.All(char.IsAsciiDigit));

    private async Task<StepUpOutcome> RightAsync(FactorPerson person, List<ChallengeStart> asked, int round)
    {
        // Which mail belongs to which question nobody knows but the person's browser: one of them answers.
        foreach (var mail in idp.Postbox.Delivered.Where(mail => mail.Recipient == person.Mailbox).TakeLast(asked.Count))
        {
            var code = mail.Text.Split('\n').First(line => line.Length == 6 && line.All(char.IsAsciiDigit));
            if (await idp.Service<StepUpService>().AnswerAsync(asked[0].Challenge!.Id, person.Id, asked[0].Challenge!.Purpose, Browser, new Answer.Code(code), default) is StepUpOutcome.Passed passed)
                return passed;
        }

        throw new InvalidOperationException($"No mail of round {round} has the code of its question.");
    }

    private static async Task<Stop> PasswordAsync(Browser browser, AuthorizationAsk ask, FactorPerson person) => await browser.SubmitAsync(
        await browser.OpenAsync(ask.Url), new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
}
