using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Factors.Totp;
using IdP.Server.Tests.Attacks;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>J-17 through the front door: an app that demands mfa of somebody who has bound nothing.</summary>
public abstract class BindOnDemandTests(StepHost host)
{
    private const string Demand = """{"id_token":{"acr":{"essential":true,"values":["mfa"]}}}""";
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TestClient Safe = new("safe", "safe-secret-of-plenty-of-characters") { MinimumAcr = "mfa", Policy = "OnRequest" };
    private static readonly Dictionary<string, string> Nothing = [];

    private readonly TestIdp idp = host.Idp;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task They_bind_right_there_and_go_on_with_mfa(bool essential)
    {
        var person = await host.WithNothingAsync();
        var app = idp.App(essential ? TestClient.Calm : TestClient.Strict);
        var ask = essential ? app.Ask().With("claims", Demand) : app.Ask();
        using var browser = idp.Browser();
        var at = await PasswordAsync(browser, await browser.OpenAsync(ask.Url), person);
        Assert.Equal("/bind", at.At);
        Assert.Contains(app.Client.ToClient().ClientName!, at.Page!.QuerySelector(".lead")!.TextContent, StringComparison.Ordinal);
        Assert.Null(at.Page!.QuerySelector("form[action*='/bind/skip']"));

        var (done, _) = await browser.BindOtpAsync(at, idp.Clock);
        var id = await idp.ReadAsync((await app.RedeemAsync(done.MustAnswer(), ask)).MustSucceed().IdToken, app.Client.Id);
        Assert.Equal(("mfa", "pwd otp mfa"), (id.Acr, string.Join(' ', id.Amr)));
        Assert.NotNull(await idp.Postbox.ReceiveAsync(person.Email, "/not-me"));
    }

    [Fact]
    public async Task Who_declines_is_answered_that_the_demand_is_unmet()
    {
        using var browser = idp.Browser();
        var at = await PasswordAsync(browser, await browser.OpenAsync(idp.App(TestClient.Strict).Ask().Url), await host.WithNothingAsync());
        var declined = await browser.SubmitAsync(at, Nothing, "/connect/cancel");
        Assert.Equal("unmet_authentication_requirements", declined.MustAnswer().Error);
        Assert.Equal("login_required", (await browser.OpenAsync(idp.App(TestClient.Calm).Ask().With("prompt", "none").Url)).MustAnswer().Error);
    }

    /// <summary>Whoever finds a browser signed in must not be able to bind a phone of their own to the account.</summary>
    [Fact]
    public async Task A_session_is_not_enough_to_bind_and_silence_never_binds()
    {
        var person = await host.WithNothingAsync();
        using var browser = idp.Browser();
        var calm = idp.App(TestClient.Calm);
        Assert.NotNull((await PasswordAsync(browser, await browser.OpenAsync(calm.Ask().Url), person)).Answer?["code"]);

        var silent = calm.Ask().With("claims", Demand).With("prompt", "none");
        Assert.Equal("interaction_required", (await browser.OpenAsync(silent.Url)).MustAnswer().Error);
        var at = await browser.OpenAsync(calm.Ask().With("claims", Demand).Url);
        Assert.Equal("/sign-in", at.At);
        Assert.Equal("/bind", (await PasswordAsync(browser, at, person)).At);
    }

    [Fact]
    public async Task A_client_can_turn_it_off()
    {
        var off = new TestClient("no-binding", "no-binding-secret-of-plenty-of-characters") { MinimumAcr = "mfa" };
        await idp.RegisterAsync(off.ToClient() with { BindOnDemand = false });
        using var browser = idp.Browser();
        var at = await PasswordAsync(browser, await browser.OpenAsync(idp.App(off).Ask().Url), await host.WithNothingAsync());
        Assert.Equal("unmet_authentication_requirements", at.MustAnswer().Error);
    }

    /// <summary>A password thief binds a factor of their own: the app's owner has that long to read the notice.</summary>
    [Fact]
    public async Task A_factor_is_refused_until_it_is_old_enough_and_rebinding_starts_anew()
    {
        await idp.RegisterAsync(Safe.ToClient() with { MinimumFactorAge = (int)Day.TotalSeconds });
        var person = await host.WithNothingAsync();
        var safe = idp.App(Safe);
        using var browser = idp.Browser();
        var at = await PasswordAsync(browser, await browser.OpenAsync(safe.Ask().Url), person);
        Assert.Contains("24", at.Page!.QuerySelectorAll(".lead")[1].TextContent, StringComparison.Ordinal);
        var (done, key) = await browser.BindOtpAsync(at, idp.Clock);
        Assert.Equal("unmet_authentication_requirements", done.MustAnswer().Error);
        person = person with { TotpSecret = key };

        await idp.ForwardAsync(Day - TimeSpan.FromMinutes(2));
        Assert.Equal("unmet_authentication_requirements", (await TryAsync(safe, person)).MustAnswer().Error);
        await idp.ForwardAsync(TimeSpan.FromMinutes(3));
        Assert.NotNull((await TryAsync(safe, person)).Answer?["code"]);

        var user = (await idp.Service<Users>().FindByLoginAsync(person.UserName, Cancel))!;
        var fresh = Otp.NewSecret();
        await idp.Service<FactorBindings>().AddAsync(
            user.Id, new("totp", null, new TotpSecret(fresh).ToBytes()), By.Tool("tests"), Cancel, replaces: user.Bindings.Single().Id);
        person = person with { TotpSecret = fresh };
        Assert.Equal("unmet_authentication_requirements", (await TryAsync(safe, person)).MustAnswer().Error);
        await idp.ForwardAsync(Day);
        Assert.NotNull((await TryAsync(safe, person)).Answer?["code"]);
    }

    [Fact]
    public async Task New_recovery_codes_start_their_age_anew_and_used_ones_do_not()
    {
        await idp.RegisterAsync(Safe.ToClient() with { MinimumFactorAge = (int)Day.TotalSeconds });
        var person = await FactorPerson.AddAsync(idp, "recovery", "totp");
        await idp.ForwardAsync(Day);
        Assert.NotNull((await TryAsync(await person.CodeAsync("recovery"))).Answer?["code"]);
        Assert.NotNull((await TryAsync(await person.CodeAsync("recovery"))).Answer?["code"]);

        var codes = await person.BindingAsync("recovery");
        await idp.Service<FactorBindings>().AddAsync(
            person.Id, new("recovery", null, codes.Data) { StandsIn = true }, By.Tool("tests"), Cancel, replaces: codes.Id, alone: true);
        using var browser = idp.Browser();
        var at = await PasswordAsync(browser, await browser.OpenAsync(idp.App(Safe).Ask().Url), person.Person);
        Assert.Equal("/verify", at.At);
        Assert.Empty(at.Page!.QuerySelectorAll("[name=factor]"));

        async Task<Stop> TryAsync(string code)
        {
            using var other = idp.Browser();
            var stop = await PasswordAsync(other, await other.OpenAsync(idp.App(Safe).Ask().Url), person.Person);
            stop = await other.SubmitAsync(stop, new Dictionary<string, string> { ["factor"] = "recovery" }, "/verify/other");
            return await other.SubmitAsync(stop, new Dictionary<string, string> { ["code"] = code }, "/verify");
        }
    }

    [Fact]
    public async Task Who_used_the_newer_of_two_is_told_why_the_older_is_asked_for()
    {
        await idp.RegisterAsync(Safe.ToClient() with { MinimumFactorAge = (int)Day.TotalSeconds });
        var person = await host.WithOtpAsync();
        await idp.ForwardAsync(Day);
        var user = (await idp.Service<Users>().FindByLoginAsync(person.UserName, Cancel))!;
        var newer = Otp.NewSecret();
        await idp.Service<FactorBindings>().AddAsync(user.Id, new("totp", null, new TotpSecret(newer).ToBytes()), By.Tool("tests"), Cancel);

        using var browser = idp.Browser();
        var at = await PasswordAsync(browser, await browser.OpenAsync(idp.App(Safe).Ask().Url), person);
        Assert.Null(at.Page!.QuerySelector("[data-warning]"));
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = Otp.CodeAt(newer, idp.Clock.GetUtcNow()) }, "/verify");
        Assert.Equal("/verify", at.At);
        Assert.Contains("24", at.Page!.QuerySelector("[data-warning]")!.TextContent, StringComparison.Ordinal);
        Assert.NotNull((await idp.PassAsync(browser, at, person)).Answer?["code"]);
    }

    private async Task<Stop> TryAsync(RelyingParty app, Person person)
    {
        using var browser = idp.Browser();
        return await idp.SignInAsync(browser, app.Ask(), person);
    }

    private static Task<Stop> PasswordAsync(Browser browser, Stop at, Person person) => browser.SubmitAsync(
        at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
}

public sealed class BindOnDemand_on_SQLite_and_memory(SqliteStepHost host) : BindOnDemandTests(host), IClassFixture<SqliteStepHost>;

[Thorough]
public sealed class BindOnDemand_on_PostgreSQL_and_Redis(PostgresStepHost host) : BindOnDemandTests(host), IClassFixture<PostgresStepHost>;
