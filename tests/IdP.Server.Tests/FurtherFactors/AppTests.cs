using IdP.Server.Accounts;
using IdP.Server.DeviceTrust;
using IdP.Server.StepUp;
using IdP.Server.Storage;
using IdP.Server.Tests.FurtherFactors.App;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.SignIn;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.FurtherFactors;

/// <summary>A kind with three ways and one binding, approved by a second party.</summary>
public abstract class AppTests(FactorHost host)
{
    private const string Demand = """{"id_token":{"acr":{"essential":true,"values":["mfa"]}}}""";
    private static readonly byte[] Here = new byte[32];
    private static readonly TestClient PushOnly = new("push-only", "push-only-secret-of-plenty-of-characters") { Alg = "ES256", Policy = "OnRequest" };

    private readonly TestIdp idp = host.Idp;

    [Theory]
    [InlineData("app/push", "pwd swk mca mfa")]
    [InlineData("app/scan", "pwd swk mca mfa")]
    [InlineData("app/code", "pwd otp mfa")]
    public async Task Each_way_signs_in_and_tokens_say_what_it_proves(string way, string amr)
    {
        var person = await FactorPerson.AddAsync(idp, "app", "totp");
        using var browser = idp.Browser();
        var ask = idp.App(TestClient.Web).Ask();
        var at = await AtAsync(browser, ask, person, way);
        at = await AnswerAsync(browser, at, person, way, "/verify");
        var token = await idp.ReadAsync((await idp.App(TestClient.Web).RedeemAsync(at.MustAnswer(), ask)).MustSucceed().IdToken, TestClient.Web.Id);
        Assert.Equal(("mfa", amr), (token.Acr, string.Join(' ', token.Amr)));
    }

    [Fact]
    public async Task Ways_of_the_same_kind_are_links_and_other_kinds_stand_apart()
    {
        var person = await FactorPerson.AddAsync(idp, "app", "totp", "recovery");
        using var browser = idp.Browser();
        var at = await AtAsync(browser, idp.App(TestClient.Web).Ask(), person, "app/push");
        Assert.Equal(("app/scan app/code", "totp recovery"), (Ways(at), Kinds(at)));
        at = await AtAsync(browser, at, "totp");
        Assert.Equal(("", "app/push recovery"), (Ways(at), Kinds(at)));
        at = await AtAsync(browser, at, "app/push");
        Assert.Equal("app/code", Asked(await AtAsync(browser, at, "app/code")));
    }

    [Fact]
    public async Task Being_too_early_costs_no_try_however_often()
    {
        var person = await FactorPerson.AddAsync(idp, "app");
        using var browser = idp.Browser();
        var at = await AtAsync(browser, idp.App(TestClient.Web).Ask(), person, "app/push");
        for (var n = 0; n < 25; n++)
        {
            at = await browser.SubmitAsync(at, new Dictionary<string, string>(), "/verify");
            Assert.Equal("NotConfirmed", at.Page!.QuerySelector("[data-problem]")!.GetAttribute("data-problem"));
        }

        Assert.NotNull((await AnswerAsync(browser, at, person, "app/push", "/verify")).MustAnswer()["code"]);
    }

    [Fact]
    public async Task Codes_sent_to_an_approval_are_counted_as_guesses()
    {
        var (person, stepUp) = (await FactorPerson.AddAsync(idp, "app"), idp.Service<StepUpService>());
        var challenge = (await stepUp.StartAsync(person.Id, "app/push", "sign-in:1", Here, null, default)).Challenge!.Id;
        for (var n = 0; n < 5; n++)
            Assert.IsType<StepUpOutcome.Wrong>(await stepUp.AnswerAsync(challenge, person.Id, "sign-in:1", Here, new Answer.Code("12345678"), default));
        await host.Phone.DecideAsync(person.Id, approve: true);
        Assert.IsType<StepUpOutcome.Over>(await stepUp.AnswerAsync(challenge, person.Id, "sign-in:1", Here, new Answer.Acknowledged(), default));
    }

    [Fact]
    public async Task An_approval_is_good_once_of_sixty_four_at_once()
    {
        var person = await FactorPerson.AddAsync(idp, "app");
        var challenge = (await idp.Service<StepUpService>().StartAsync(person.Id, "app/push", "sign-in:1", Here, null, default)).Challenge!.Id;
        await host.Phone.DecideAsync(person.Id, approve: true);
        var outcomes = await Race.RunAsync(64, n => idp.Service<StepUpService>(n % idp.Ports.Count)
            .AnswerAsync(challenge, person.Id, "sign-in:1", Here, new Answer.Acknowledged(), default));
        Assert.Single(outcomes, outcome => outcome is StepUpOutcome.Passed);
    }

    [Fact]
    public async Task Guesses_at_one_way_count_for_the_whole_kind()
    {
        var (person, stepUp) = (await FactorPerson.AddAsync(idp, "app"), idp.Service<StepUpService>());
        for (var n = 0; n < 10; n++)
        {
            var guessed = (await stepUp.StartAsync(person.Id, "app/code", "sign-in:" + n, Here, null, default)).Challenge!.Id;
            Assert.IsType<StepUpOutcome.Wrong>(await stepUp.AnswerAsync(guessed, person.Id, "sign-in:" + n, Here, new Answer.Code("12345678"), default));
        }

        var push = (await stepUp.StartAsync(person.Id, "app/push", "sign-in:x", Here, null, default)).Challenge!.Id;
        Assert.IsType<StepUpOutcome.TooMany>(await stepUp.AnswerAsync(push, person.Id, "sign-in:x", Here, new Answer.Code("12345678"), default));
        // What nobody can guess stays open to the owner.
        await host.Phone.DecideAsync(person.Id, approve: true);
        Assert.IsType<StepUpOutcome.Passed>(await stepUp.AnswerAsync(push, person.Id, "sign-in:x", Here, new Answer.Acknowledged(), default));
    }

    [Theory]
    [InlineData(true, false, true)]
    [InlineData(false, true, false)]
    [InlineData(null, true, true)]
    [InlineData(null, false, false)]
    public async Task The_phone_may_say_whether_to_trust_this_browser(bool? said, bool ticked, bool trusted)
    {
        var person = await FactorPerson.AddAsync(idp, "app");
        using var browser = idp.Browser();
        var at = await AtAsync(browser, idp.App(TestClient.Web).Ask(), person, "app/push");
        await host.Phone.DecideAsync(person.Id, approve: true, said);
        at = await browser.SubmitAsync(at, ticked ? new Dictionary<string, string> { ["trust"] = "yes" } : [], "/verify");
        Assert.NotNull(at.MustAnswer()["code"]);
        Assert.Equal(trusted ? 1 : 0, (await idp.Service<TrustedDevices>().ListAsync(person.Id, null, default)).Count);
    }

    [Fact]
    public async Task Where_one_way_alone_is_accepted_another_does_not_reach_mfa()
    {
        await idp.RegisterAsync(PushOnly.ToClient() with { AcceptedFactors = ["app/push"] });
        var person = await FactorPerson.AddAsync(idp, "app", "totp");
        using var browser = idp.Browser();
        var at = await AtAsync(browser, idp.App(TestClient.Web).Ask(), person, "app/code");
        Assert.NotNull((await AnswerAsync(browser, at, person, "app/code", "/verify")).MustAnswer()["code"]);

        var ask = idp.App(PushOnly).Ask().With("claims", Demand);
        at = await browser.OpenAsync(ask.Url);
        Assert.Equal(("app/push", "", ""), (Asked(at), Ways(at), Kinds(at)));
        at = await AnswerAsync(browser, at, person, "app/push", "/verify");
        var token = await idp.ReadAsync((await idp.App(PushOnly).RedeemAsync(at.MustAnswer(), ask)).MustSucceed().IdToken, PushOnly.Id);
        Assert.Equal(("mfa", "pwd swk mca mfa"), (token.Acr, string.Join(' ', token.Amr)));
    }

    [Fact]
    public async Task It_is_bound_bound_anew_and_unbound_by_the_phone()
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        var id = await owner.IdAsync();
        var at = await owner.OpenGuardedAsync("/account/two-step/bind?factor=app");
        for (var n = 0; n < 6; n++)
            at = await owner.Browser.SubmitAsync(at, new Dictionary<string, string>(), "/account/two-step/bind");
        Assert.Equal("NotConfirmed", at.Page!.QuerySelector("[data-problem]")!.GetAttribute("data-problem"));
        await host.Phone.DecideAsync(id, approve: true);
        // Binding it was the second factor: the person is not asked for another.
        Assert.Equal("/account/two-step", (await owner.Browser.SubmitAsync(at, new Dictionary<string, string>(), "/account/two-step/bind")).At);
        var first = await owner.BindingAsync("app");

        at = await owner.Browser.VisitAsync("/account/two-step/bind?factor=app&replaces=" + first.Id);
        Assert.Equal(("app/push", "app/scan app/code"), (Asked(at), Ways(at)));
        at = await Phone.RingAsync(owner.Browser, at);
        await host.Phone.DecideAsync(id, approve: true);
        at = await owner.Browser.SubmitAsync(at, new Dictionary<string, string>(), "/account/confirm");
        Assert.Equal("/account/two-step/bind", at.At);
        await host.Phone.DecideAsync(id, approve: true);
        Assert.Equal("/account/two-step", (await owner.Browser.SubmitAsync(at, new Dictionary<string, string>(), "/account/two-step/bind")).At);
        var second = Assert.Single(await owner.BindingsAsync());
        Assert.NotEqual(first.Id, second.Id);

        at = await owner.Browser.VisitAsync("/account/confirm?action=unbind:" + second.Id + "&with=app/scan");
        Assert.Equal("app/scan", Asked(at));
        await host.Phone.DecideAsync(id, approve: true);
        at = await owner.Browser.SubmitAsync(at, new Dictionary<string, string>(), "/account/confirm");
        Assert.Equal("/account/two-step", (await owner.Browser.SubmitAsync(at, new Dictionary<string, string>(), "/account/two-step/unbind")).At);
        Assert.Empty(await owner.BindingsAsync());
    }

    [Fact]
    public async Task A_policy_can_demand_it_and_binding_reaches_mfa()
    {
        var name = "must-" + Handles.NewId();
        var draft = new UserDraft { UserName = name, Email = name + "@example.com", Groups = [FactorHost.Demanding("app")] };
        var id = (await idp.Service<Users>().AddAsync(draft, "correct horse battery", "tests", default))!;
        using var browser = idp.Browser();
        var ask = idp.App(TestClient.Web).Ask();
        var at = await browser.SubmitAsync(
            await browser.OpenAsync(ask.Url), new Dictionary<string, string> { ["userName"] = name, ["password"] = "correct horse battery" }, "/sign-in");
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = "app" }, "/bind/choose");
        await host.Phone.DecideAsync(id, approve: true);
        at = await browser.SubmitAsync(at, new Dictionary<string, string>(), "/bind");
        var token = await idp.ReadAsync((await idp.App(TestClient.Web).RedeemAsync(at.MustAnswer(), ask)).MustSucceed().IdToken, TestClient.Web.Id);
        Assert.Equal(("mfa", "pwd swk mca mfa"), (token.Acr, string.Join(' ', token.Amr)));
    }

    private async Task<Stop> AtAsync(Browser browser, AuthorizationAsk ask, FactorPerson person, string way)
    {
        var password = new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password };
        var at = await browser.SubmitAsync(await browser.OpenAsync(ask.Url), password, "/sign-in");
        return Asked(at) == way ? at : await AtAsync(browser, at, way);
    }

    private static Task<Stop> AtAsync(Browser browser, Stop at, string way) =>
        browser.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = way }, "/verify/other");

    private async Task<Stop> AnswerAsync(Browser browser, Stop at, FactorPerson person, string way, string action)
    {
        if (way == "app/code")
            return await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = person.Fob.CodeAt(1) }, action);
        at = await Phone.RingAsync(browser, at);
        await host.Phone.DecideAsync(person.Id, approve: true);
        return await browser.SubmitAsync(at, new Dictionary<string, string>(), action);
    }

    private static string? Asked(Stop at) => at.Page!.QuerySelector("[data-factor]")?.GetAttribute("data-factor");

    private static string Ways(Stop at) => Ids(at, "[data-same-kind] button, [data-same-kind] a");

    private static string Kinds(Stop at) => Ids(at, "details button, details a");

    private static string Ids(Stop at, string choices) => string.Join(' ', at.Page!.QuerySelectorAll(choices)
        .Select(choice => choice.GetAttribute("value") ?? choice.GetAttribute("href")!.Split("with=")[1]));
}

public sealed class App_on_SQLite_and_memory(SqliteFactorHost host) : AppTests(host), IClassFixture<SqliteFactorHost>;

[Thorough]
public sealed class App_on_PostgreSQL_and_Redis(PostgresFactorHost host) : AppTests(host), IClassFixture<PostgresFactorHost>;
