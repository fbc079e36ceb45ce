using IdP.Server.Accounts;
using IdP.Server.StepUp;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>
/// A server that takes no mailed code for mfa, has a name of its own for it and lets nobody bind on demand, with an app that takes the authenticator app alone.
/// </summary>
public sealed class AcceptedFactorTests(AcceptedFactorHost host) : IClassFixture<AcceptedFactorHost>
{
    private const string Demand = """{"id_token":{"acr":{"essential":true,"values":["mfa"]}}}""";

    private static readonly TestClient Choosy = new("choosy", "choosy-secret-of-plenty-of-characters") { Alg = "ES256", Policy = "OnRequest" };

    private readonly TestIdp idp = host.Idp;

    [Fact]
    public async Task A_factor_that_the_server_does_not_accept_is_asked_for_and_never_says_mfa()
    {
        var person = await FactorPerson.AddAsync(idp, "email");
        using var browser = idp.Browser();
        var (acr, amr) = await SignedInAsync(browser, TestClient.Web, person, "email");
        Assert.Equal(("pwd", "pwd otp mca"), (acr, amr));
        Assert.Equal("unmet_authentication_requirements", (await browser.OpenAsync(idp.App(TestClient.Strict).Ask().Url)).MustAnswer().Error);
        Assert.Equal("unmet_authentication_requirements", (await browser.OpenAsync(idp.App(TestClient.Calm).Ask().With("claims", Demand).Url)).MustAnswer().Error);
    }

    [Fact]
    public async Task A_factor_that_the_client_does_not_accept_is_not_offered_for_mfa_there()
    {
        await idp.RegisterAsync(Choosy.ToClient() with { AcceptedFactors = ["totp"] });
        var person = await FactorPerson.AddAsync(idp, "recovery", "totp");
        using var browser = idp.Browser();
        Assert.Equal(("mfa", "pwd otp mfa"), await SignedInAsync(browser, TestClient.Web, person, "recovery"));

        // Good at the other app in this very session; here it is not enough, and nothing but the app is asked for.
        var ask = idp.App(Choosy).Ask().With("claims", Demand);
        var at = await browser.OpenAsync(ask.Url);
        Assert.Equal("/verify", at.At);
        Assert.Empty(at.Page!.QuerySelectorAll("[name=factor]"));
        at = await browser.SubmitAsync(at, Code(await person.CodeAsync("recovery")), "/verify");
        Assert.Equal("/verify", at.At);
        at = await browser.SubmitAsync(at, Code(await person.CodeAsync("totp")), "/verify");
        Assert.Equal("mfa", (await TokenAsync(Choosy, ask, at)).Acr);

        var without = await FactorPerson.AddAsync(idp, "recovery");
        using var other = idp.Browser();
        Assert.Equal("unmet_authentication_requirements", (await PasswordAsync(other, ask, without)).MustAnswer().Error);
    }

    [Fact]
    public async Task A_name_of_the_operators_own_is_advertised_and_said_where_it_was_asked_for_and_reached()
    {
        Assert.Contains(AcceptedFactorHost.Name, (await idp.GetAsync("/.well-known/openid-configuration")).MustSucceed().Json!["acr_values_supported"]!.AsArray().Select(name => name!.GetValue<string>()));
        var person = await FactorPerson.AddAsync(idp, "totp");
        using var browser = idp.Browser();
        var ask = idp.App(TestClient.Calm).Ask().With("acr_values", AcceptedFactorHost.Name);
        var at = await PasswordAsync(browser, ask, person);
        Assert.Equal("/verify", at.At);
        Assert.Equal(AcceptedFactorHost.Name, (await TokenAsync(TestClient.Calm, ask, await browser.SubmitAsync(at, Code(await person.CodeAsync()), "/verify"))).Acr);
        // Who asks for nothing hears our own name for it.
        ask = idp.App(TestClient.Calm).Ask();
        Assert.Equal("mfa", (await TokenAsync(TestClient.Calm, ask, await browser.OpenAsync(ask.Url))).Acr);

        var plain = await idp.NewPersonAsync();
        using var weaker = idp.Browser();
        ask = idp.App(TestClient.Calm).Ask().With("acr_values", AcceptedFactorHost.Name);
        Assert.Equal("pwd", (await TokenAsync(TestClient.Calm, ask, await idp.SignInAsync(weaker, ask, plain))).Acr);
    }

    [Fact]
    public async Task An_excluded_factor_guards_no_binding_beside_an_accepted_one()
    {
        var person = await FactorPerson.AddAsync(idp, "totp", "email");
        using var owner = new Owner(idp, person.Person, idp.Browser());
        Assert.Equal("/account", (await owner.SignInAsync()).At);
        var action = GuardedAction.Bind("totp");
        var asked = await owner.Browser.VisitAsync("/account/confirm?action=bind:totp&with=email");
        Assert.Equal("totp", asked.Page!.QuerySelector("[data-factor]")!.GetAttribute("data-factor"));
        Assert.DoesNotContain(asked.Page.QuerySelectorAll("details a"), way => way.GetAttribute("href")!.Contains("with=email", StringComparison.Ordinal));
        Assert.Equal(0, person.Mails);

        // A mailed code that was asked for behind the page, and is right: it opens nothing.
        var proofs = idp.Service<RecentProof>();
        await proofs.ChallengeAsync(await owner.AskerAsync(), action, "email", Asking.Ask, default);
        Assert.IsType<StepUpOutcome.Passed>(await proofs.AnswerAsync(await owner.AskerAsync(), action, new Answer.Code(await person.CodeAsync("email")), default));
        Assert.Equal("/account/confirm", (await owner.Browser.VisitAsync("/account/two-step/bind?factor=totp")).At);
        Assert.False(await proofs.TakeAsync(await owner.AskerAsync(), action, default));

        await owner.ProveAsync(action);
        Assert.Equal("/account/two-step/bind", (await owner.Browser.VisitAsync("/account/two-step/bind?factor=totp")).At);
    }

    [Fact]
    public async Task Where_only_an_excluded_factor_is_bound_it_guards_bindings()
    {
        var person = await FactorPerson.AddAsync(idp, "email");
        var record = (await idp.Service<Users>().FindByLoginAsync(person.UserName, default))!;
        Assert.Equal(["email"], idp.Service<RecentProof>().FactorsOf(record));
        person = await FactorPerson.AddAsync(idp, "email", "totp", "recovery");
        record = (await idp.Service<Users>().FindByLoginAsync(person.UserName, default))!;
        Assert.Equal(["recovery", "totp"], idp.Service<RecentProof>().FactorsOf(record).Order());
    }

    private async Task<(string? Acr, string Amr)> SignedInAsync(Browser browser, TestClient client, FactorPerson person, string factor)
    {
        var ask = idp.App(client).Ask();
        var at = await PasswordAsync(browser, ask, person);
        Assert.Equal("/verify", at.At);
        if (at.Page!.QuerySelector($"[name=factor][value={factor}]") is not null)
            at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = factor }, "/verify/other");
        var id = await TokenAsync(client, ask, await browser.SubmitAsync(at, Code(await person.CodeAsync(factor)), "/verify"));
        return (id.Acr, string.Join(' ', id.Amr));
    }

    private async Task<IdToken> TokenAsync(TestClient client, AuthorizationAsk ask, Stop at) =>
        await idp.ReadAsync((await idp.App(client).RedeemAsync(at.MustAnswer(), ask)).MustSucceed().IdToken, client.Id);

    private static async Task<Stop> PasswordAsync(Browser browser, AuthorizationAsk ask, FactorPerson person) => await browser.SubmitAsync(
        await browser.OpenAsync(ask.Url), new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");

    private static Dictionary<string, string> Code(string code) => new() { ["code"] = code };
}

public sealed class AcceptedFactorHost : IAsyncLifetime
{
    public const string Name = "urn:example:strong";

    public TestIdp Idp { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Idp = await TestIdp.StartAsync(StorePair.SqliteAndMemory, new TestIdpOptions
    {
        Seed = new Seed(otpPeople: 0, plainPeople: 0),
        Settings = new Dictionary<string, string>
        {
            ["Acr:AcceptedFactors:0"] = "totp",
            ["Acr:AcceptedFactors:1"] = "recovery",
            ["Acr:BindOnDemand"] = "false",
            ["Acr:Names:" + Name] = "mfa",
        },
    });

    public ValueTask DisposeAsync() => Idp?.DisposeAsync() ?? ValueTask.CompletedTask;
}
