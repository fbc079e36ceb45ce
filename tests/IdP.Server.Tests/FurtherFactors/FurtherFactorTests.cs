using IdP.Server.Accounts;
using IdP.Server.Recovery;
using IdP.Server.Storage;
using IdP.Server.StepUp;
using IdP.Server.Tests.FurtherFactors.App;
using IdP.Server.Tests.FurtherFactors.KeyFob;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.SignIn;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.FurtherFactors;

/// <summary>
/// A further factor is one folder and one line (<see cref="KeyFob"/>, <see cref="FactorHost"/>): every page draws it in its own words, and nothing else was touched.
/// One with a typed code and one that is answered elsewhere, each bound, asked for at sign-in, before a change and before a new password, unbound, and forced.
/// </summary>
public abstract class FurtherFactorTests(FactorHost host)
{
    private readonly TestIdp idp = host.Idp;

    public static TheoryData<string> Factors => [KeyFobFactor.Id, AppEnrolment.Id];

    [Theory, MemberData(nameof(Factors))]
    public async Task It_stands_in_the_list_in_both_languages_and_is_bound_and_unbound_there(string factor)
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        Assert.Contains(factor == AppEnrolment.Id ? "Phone app" : "Key fob", Row(await owner.Browser.VisitAsync("/account/two-step"), factor).TextContent, StringComparison.Ordinal);
        owner.Browser.Language = "zh-CN";
        Assert.Contains(factor == AppEnrolment.Id ? "手机应用" : "动态口令牌", Row(await owner.Browser.VisitAsync("/account/two-step"), factor).TextContent, StringComparison.Ordinal);

        var hand = new Hand(host, await owner.IdAsync(), factor);
        var offer = await hand.SayAsync(owner.Browser, await owner.OpenGuardedAsync("/account/two-step/bind?factor=" + factor), "/account/two-step/bind/offer");
        var wrong = await hand.AnswerWronglyAsync(owner.Browser, offer, "/account/two-step/bind");
        Assert.Equal(hand.NotYet, Problem(wrong));
        Assert.Empty(await owner.BindingsAsync());
        var bound = await hand.AnswerAsync(owner.Browser, wrong, "/account/two-step/bind");
        Assert.Equal(factor, Assert.Single(await owner.BindingsAsync()).Factor);
        if (bound.At == "/verify")
            bound = await hand.AnswerAsync(owner.Browser, bound, "/verify");
        Assert.Equal("1", Row(bound, factor).GetAttribute("data-bound"));

        var page = await hand.AnswerAsync(owner.Browser, await owner.Browser.VisitAsync("/account/two-step/unbind?id=" + (await owner.BindingAsync(factor)).Id), "/account/confirm");
        Assert.Equal("/account/two-step", (await owner.Browser.SubmitAsync(page, new Dictionary<string, string>(), "/account/two-step/unbind")).At);
        Assert.Empty(await owner.BindingsAsync());
    }

    [Fact]
    public async Task What_is_said_for_it_is_refused_in_its_own_words()
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        var question = await owner.OpenGuardedAsync("/account/two-step/bind?factor=" + KeyFobFactor.Id);
        var refused = await owner.Browser.SubmitAsync(question, new Dictionary<string, string> { ["said"] = "no such key" }, "/account/two-step/bind/offer");
        Assert.Equal(KeyFobTexts.Table.Get("NotASeed"), refused.Page!.QuerySelector("[data-problem=Refused]")!.TextContent);
    }

    [Theory, MemberData(nameof(Factors))]
    public async Task It_is_asked_for_at_sign_in_and_tokens_say_what_it_proves(string factor)
    {
        var (person, hand) = await BoundAsync(factor);
        using var browser = idp.Browser();
        var app = idp.App(TestClient.Web);
        var ask = app.Ask();
        var at = await PasswordAsync(browser, ask, person.Person);
        Assert.Equal((factor, "/verify"), (Asked(at)!.Split('/')[0], at.At));
        at = await hand.AnswerWronglyAsync(browser, at, "/verify");
        Assert.Equal(hand.NotYet, Problem(at));
        at = await hand.AnswerAsync(browser, at, "/verify");
        var id = await idp.ReadAsync((await app.RedeemAsync(at.MustAnswer(), ask)).MustSucceed().IdToken, TestClient.Web.Id);
        Assert.Equal(("mfa", factor == AppEnrolment.Id ? "pwd swk mca mfa" : "pwd otp mfa"), (id.Acr, string.Join(' ', id.Amr)));
    }

    [Fact]
    public async Task What_is_refused_elsewhere_goes_no_further_here_and_may_be_asked_for_again()
    {
        var (person, hand) = await BoundAsync(AppEnrolment.Id);
        using var browser = idp.Browser();
        var at = await PasswordAsync(browser, idp.App(TestClient.Web).Ask(), person.Person);
        Assert.Equal("42", at.Page!.QuerySelector("[data-number]")!.TextContent);
        await host.Phone.DecideAsync(person.Id, approve: false);
        at = await browser.SubmitAsync(at, new Dictionary<string, string>(), "/verify");
        // Who refused is not rung again before they ask for it here.
        Assert.Equal(("Refused", null), (Problem(at), at.Page!.QuerySelector("[data-number]")));
        at = await browser.SubmitAsync(at, new Dictionary<string, string>(), "/verify/again");
        Assert.NotNull((await hand.AnswerAsync(browser, at, "/verify")).MustAnswer()["code"]);
    }

    [Theory, MemberData(nameof(Factors))]
    public async Task It_is_asked_for_before_a_new_password(string factor)
    {
        var (person, hand) = await BoundAsync(factor);
        var token = await idp.Service<Database>().TransactAsync(lane => idp.Service<PasswordReset>().MakeAsync(lane, person.Id, default), default);
        using var browser = idp.Browser();
        var at = await hand.AnswerWronglyAsync(browser, await browser.OpenAsync("/reset?token=" + token), "/reset");
        Assert.Equal((factor, hand.NotYet), (Asked(at)!.Split('/')[0], Problem(at)));
        at = await hand.AnswerAsync(browser, at, "/reset");
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["newPassword"] = "a wholly new password", ["again"] = "a wholly new password" }, "/reset");
        Assert.Contains("done=yes", at.Url.Query, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Factors))]
    public async Task A_policy_can_demand_it(string factor)
    {
        var name = "demanded-" + Handles.NewId();
        var person = new Person(name, "correct-horse-for-" + name);
        var id = (await idp.Service<Users>().AddAsync(new UserDraft { UserName = name, Email = person.Email, Groups = [FactorHost.Demanding(factor)] }, person.Password, "tests", default))!;
        using var browser = idp.Browser();
        var app = idp.App(TestClient.Web);
        var ask = app.Ask();
        var at = await PasswordAsync(browser, ask, person);
        Assert.Equal("/bind", at.At);
        var hand = new Hand(host, id, factor);
        at = await hand.SayAsync(browser, await browser.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = factor }, "/bind/choose"), "/bind/choose");
        at = await hand.AnswerWronglyAsync(browser, at, "/bind");
        Assert.Equal(hand.NotYet, Problem(at));
        at = await hand.AnswerAsync(browser, at, "/bind");
        var token = await idp.ReadAsync((await app.RedeemAsync(at.MustAnswer(), ask)).MustSucceed().IdToken, TestClient.Web.Id);
        Assert.Equal("mfa", token.Acr);
    }

    private static AngleSharp.Dom.IElement Row(Stop list, string factor) => list.Page!.QuerySelector($"li[data-factor={factor}]")!;

    private static string? Asked(Stop at) => at.Page!.QuerySelector("[data-factor]")?.GetAttribute("data-factor");

    private static string? Problem(Stop at) => at.Page!.QuerySelector("[data-problem]")?.GetAttribute("data-problem");

    private async Task<(FactorPerson Person, Hand Hand)> BoundAsync(string factor)
    {
        var person = await FactorPerson.AddAsync(idp, factor);
        return (person, new Hand(host, person.Id, factor) { Seed = person.Fob });
    }

    private static async Task<Stop> PasswordAsync(Browser browser, AuthorizationAsk ask, Person person) => await browser.SubmitAsync(
        await browser.OpenAsync(ask.Url), new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
}

public sealed class Further_factors_on_SQLite_and_memory(SqliteFactorHost host) : FurtherFactorTests(host), IClassFixture<SqliteFactorHost>;

[Thorough]
public sealed class Further_factors_on_PostgreSQL_and_Redis(PostgresFactorHost host) : FurtherFactorTests(host), IClassFixture<PostgresFactorHost>;
