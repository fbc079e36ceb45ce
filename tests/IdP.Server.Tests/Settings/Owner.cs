using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Factors.Totp;
using IdP.Server.Storage;
using IdP.Server.StepUp;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Settings;

/// <summary>A person at their own pages, with a browser.</summary>
internal sealed class Owner(TestIdp idp, Person person, Browser browser) : IDisposable
{
    public Person Person { get; private set; } = person;

    public Browser Browser => browser;

    public void HasPassword(string password) => Person = Person with { Password = password };

    public void HasApp(string secret) => Person = Person with { TotpSecret = secret };

    public static async Task<Owner> WithoutFactorAsync(TestIdp idp)
    {
        var owner = new Owner(idp, await idp.NewPersonAsync(), idp.Browser());
        Assert.Equal("/account", (await owner.SignInAsync()).At);
        return owner;
    }

    /// <summary>One OTP app bound from the start.</summary>
    public static async Task<Owner> WithOtpAsync(TestIdp idp)
    {
        var person = await idp.NewPersonAsync();
        var secret = Otp.NewSecret();
        var id = (await idp.Service<Users>().FindByLoginAsync(person.UserName, default))!.Id;
        await idp.Service<FactorBindings>().AddAsync(id, new(TotpSecret.Factor, null, new TotpSecret(secret).ToBytes()), By.Tool("tests") with { SettingUp = true }, default);
        var owner = new Owner(idp, person with { TotpSecret = secret }, idp.Browser());
        Assert.Equal("/account", (await owner.SignInAsync()).At);
        return owner;
    }

    /// <summary>The same person at another browser.</summary>
    public async Task<Owner> ElsewhereAsync()
    {
        var other = new Owner(idp, Person, idp.Browser());
        await CodeIsGoodAgainAsync();
        Assert.Equal("/account", (await other.SignInAsync()).At);
        return other;
    }

    public async Task<Stop> SignInAsync() => await idp.PassAsync(browser, await browser.VisitAsync("/account"), Person);

    /// <summary>This browser's, good for every form of ours.</summary>
    public async Task<string> CsrfAsync() => Browser.Fields((await browser.VisitAsync("/forgot")).Form())["__csrf"];

    public async Task<string> IdAsync() => (await idp.Service<Users>().FindByLoginAsync(Person.UserName, default))!.Id;

    /// <summary>As this browser, in its session, stands before a guarded action.</summary>
    public async Task<Asker> AskerAsync()
    {
        var user = (await idp.Service<Users>().FindByLoginAsync(Person.UserName, default))!;
        var cookies = browser.Cookies.GetCookies(new Uri(idp.Issuer));
        var session = await idp.Service<Sessions>().FindAsync(cookies["idp.session"]!.Value, default);
        return new(user, session!.Id, Handles.Hash(cookies["idp.browser"]!.Value));
    }

    public async Task<List<FactorBinding>> BindingsAsync() => await idp.Service<FactorBindings>().ListAsync(await IdAsync(), default);

    public async Task<FactorBinding> BindingAsync(string factor) => (await BindingsAsync()).Last(binding => binding.Factor == factor);

    /// <summary>As if half a minute had passed, without waiting for it: the step used last is forgotten.</summary>
    public async Task CodeIsGoodAgainAsync() =>
        await idp.Service<Database>().ExecuteAsync("update factor_bindings set last_step = null where user_id = @user", default, ("@user", await IdAsync()));

    /// <summary>Gives the proof that the confirming page asks for, with the OTP app where one is bound, and goes where it leads.</summary>
    public async Task<Stop> ConfirmAsync(Stop at)
    {
        Assert.Contains(at.At, (string[])["/account/confirm", "/account/confirm/again"]);
        if (Person.TotpSecret is not null && at.Page!.QuerySelector("details a[href*='with=totp']")?.GetAttribute("href") is { } otherWay)
            at = await browser.VisitAsync(otherWay);
        if (at.Page!.QuerySelector("input[name=password]") is not null)
            return await browser.SubmitAsync(at, new Dictionary<string, string> { ["password"] = Person.Password }, "/account/confirm");
        await CodeIsGoodAgainAsync();
        return await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = Person.CodeAt(idp.Clock) }, "/account/confirm");
    }

    /// <summary>Gives the proof and goes no further: it is there, and not used.</summary>
    public async Task ProveAsync(GuardedAction action)
    {
        var at = await browser.VisitAsync("/account/confirm?action=" + Uri.EscapeDataString(action.Name) + "&with=totp");
        browser.Follows = _ => false;
        try
        {
            Assert.NotEqual("/account/confirm", (await ConfirmAsync(at)).At);
        }
        finally
        {
            browser.Follows = _ => true;
        }
    }

    public async Task<Stop> OpenGuardedAsync(string path) => await ConfirmAsync(await browser.VisitAsync(path));

    /// <summary>From the page of an offer: the secret it shows.</summary>
    public static string SecretOn(Stop offer) => offer.Page!.QuerySelector("#key")!.TextContent.Replace(" ", "", StringComparison.Ordinal);

    public async Task<Stop> AnswerAsync(Stop offer, string code, string? label = null) =>
        await browser.SubmitAsync(offer, new Dictionary<string, string> { ["code"] = code, ["label"] = label ?? "" }, "/account/two-step/bind");

    public async Task BindOtpAsync(string? replaces = null)
    {
        var offer = await OpenGuardedAsync("/account/two-step/bind?factor=totp" + (replaces is null ? "" : "&replaces=" + replaces));
        var secret = SecretOn(offer);
        Assert.Equal("/account/two-step", (await AnswerAsync(offer, Otp.CodeAt(secret, idp.Clock.GetUtcNow()))).At);
        HasApp(secret);
    }

    public async Task<string[]> MakeCodesAsync(string? replaces = null)
    {
        var offer = await OpenGuardedAsync("/account/two-step/bind?factor=recovery" + (replaces is null ? "" : "&replaces=" + replaces));
        string[] codes = [.. offer.Page!.QuerySelectorAll("#codes code").Select(code => code.TextContent)];
        Assert.Equal("/account/two-step", (await browser.SubmitAsync(offer, new Dictionary<string, string>(), "/account/two-step/bind")).At);
        return codes;
    }

    public void Dispose() => browser.Dispose();
}
