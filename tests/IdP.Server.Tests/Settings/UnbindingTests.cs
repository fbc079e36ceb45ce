using IdP.Server.Accounts;
using IdP.Server.Tests.SignIn;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Settings;

/// <summary>J-25…28 on a trusted device: its trust ends with the change, but whoever has just proven themselves is not asked again, and reads what was done.</summary>
public abstract class UnbindingTests(TestIdp idp)
{
    [Theory]
    [InlineData("totp", "email")]
    [InlineData("email", "totp")]
    [InlineData("recovery", "totp")]
    public async Task A_fresh_proof_raises_the_session_that_a_trusted_device_opened(string unbound, string proof)
    {
        var person = await FactorPerson.AddAsync(idp, "totp", "email", "recovery");
        using var owner = await TrustedAsync(person);
        Assert.Equal("pwd", await AcrAsync(owner));
        var done = await UnbindAsync(owner, person, unbound, proof);
        Assert.Equal("/account/two-step", done.At);
        Assert.NotEmpty(done.Page!.QuerySelector(".good")!.TextContent);
        Assert.Equal("/account/profile", (await owner.Browser.VisitAsync("/account/profile")).At);
        Assert.Equal("mfa", await AcrAsync(owner));
    }

    [Theory]
    [InlineData("totp")]
    [InlineData("email")]
    public async Task A_binding_unbound_by_its_own_proof_leaves_the_pages_open_and_acr_as_it_was(string factor)
    {
        var person = await FactorPerson.AddAsync(idp, "totp", "email");
        using var owner = await TrustedAsync(person);
        var done = await UnbindAsync(owner, person, factor, factor);
        Assert.Equal("/account/two-step", done.At);
        Assert.Contains(factor == "totp" ? "Authenticator app" : "Backup e-mail", done.Page!.QuerySelector(".good")!.TextContent, StringComparison.Ordinal);
        foreach (var page in (string[])["/account", "/account/sessions", "/account/password"])
            Assert.StartsWith("/account", (await owner.Browser.VisitAsync(page)).At, StringComparison.Ordinal);
        Assert.Equal("pwd", await AcrAsync(owner));
        // An app that wants the second step has it done with what is left, and the next change is guarded as ever.
        Assert.Equal("/verify", (await owner.Browser.OpenAsync(idp.App(TestClient.Web).Ask().Url)).At);
        Assert.Equal("/account/confirm", (await owner.Browser.VisitAsync("/account/two-step/bind?factor=totp")).At);
    }

    [Fact]
    public async Task New_recovery_codes_confirmed_by_an_old_one_leave_the_pages_open()
    {
        var person = await FactorPerson.AddAsync(idp, "recovery", "totp");
        using var owner = await TrustedAsync(person);
        var at = await owner.Browser.VisitAsync("/account/two-step/bind?factor=recovery&replaces=" + (await person.BindingAsync("recovery")).Id);
        at = await ProveAsync(owner, person, at, "recovery");
        at = await owner.Browser.SubmitAsync(at, new Dictionary<string, string> { ["kept"] = "yes" }, "/account/two-step/bind");
        Assert.Equal("/account/two-step", at.At);
        Assert.NotNull(at.Page!.QuerySelector(".good"));
        Assert.Equal("pwd", await AcrAsync(owner));
    }

    [Fact]
    public async Task The_last_factor_that_goes_says_that_the_password_alone_is_left()
    {
        var person = await FactorPerson.AddAsync(idp, "totp");
        using var owner = await TrustedAsync(person);
        var done = await UnbindAsync(owner, person, "totp", "totp");
        Assert.Contains("password alone", done.Page!.QuerySelector(".good")!.TextContent, StringComparison.Ordinal);
    }

    /// <summary>The proof is the person's, in their session: another session of theirs has not got it.</summary>
    [Fact]
    public async Task Only_the_session_that_gave_the_proof_is_raised()
    {
        var person = await FactorPerson.AddAsync(idp, "totp", "email");
        using var owner = await TrustedAsync(person);
        using var elsewhere = new Owner(idp, person.Person, idp.Browser());
        Assert.NotNull((await idp.PassAsync(elsewhere.Browser, await elsewhere.Browser.OpenAsync(idp.App(TestClient.Calm).Ask().Url), person.Person)).Answer);
        Assert.Equal("/account/two-step", (await UnbindAsync(owner, person, "totp", "totp")).At);
        Assert.Equal("/verify", (await elsewhere.Browser.VisitAsync("/account")).At);
    }

    private async Task<Stop> UnbindAsync(Owner owner, FactorPerson person, string factor, string proof)
    {
        var at = await owner.Browser.VisitAsync("/account/two-step/unbind?id=" + (await person.BindingAsync(factor)).Id);
        at = await ProveAsync(owner, person, at, proof);
        Assert.Equal("/account/two-step/unbind", at.At);
        return await owner.Browser.SubmitAsync(at, new Dictionary<string, string>(), "/account/two-step/unbind");
    }

    private static async Task<Stop> ProveAsync(Owner owner, FactorPerson person, Stop at, string proof)
    {
        Assert.Equal("/account/confirm", at.At);
        if (at.Page!.QuerySelector($"details a[href*='with={proof}']") is { } other)
            at = await owner.Browser.VisitAsync(other.GetAttribute("href")!);
        at = await owner.Browser.SendCodeAsync(at);
        await owner.CodeIsGoodAgainAsync();
        return await owner.Browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = await person.CodeAsync(proof) }, "/account/confirm");
    }

    /// <summary>What an app that asks for nothing is told of this session.</summary>
    private async Task<string?> AcrAsync(Owner owner)
    {
        var calm = idp.App(TestClient.Calm);
        var ask = calm.Ask().With("prompt", "none");
        var answer = (await owner.Browser.OpenAsync(ask.Url)).MustAnswer();
        return (await idp.ReadAsync((await calm.RedeemAsync(answer, ask)).MustSucceed().IdToken, "calm")).Acr;
    }

    /// <summary>Signed in with the password alone, in a browser that skips the second step.</summary>
    private async Task<Owner> TrustedAsync(FactorPerson person)
    {
        var owner = new Owner(idp, person.Person, idp.Browser());
        Dictionary<string, string> password = new() { ["userName"] = person.UserName, ["password"] = person.Password };
        await idp.Service<Users>().PreferFactorAsync(person.Id, "totp", By.Tool("tests"), default);
        var at = await owner.Browser.SubmitAsync(await owner.Browser.VisitAsync("/account"), password, "/sign-in");
        at = await owner.Browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = await person.CodeAsync("totp"), ["trust"] = "yes" }, "/verify");
        Assert.Equal("/account", at.At);
        owner.Browser.Forget("idp.session");
        Assert.Equal("/account", (await owner.Browser.SubmitAsync(await owner.Browser.VisitAsync("/account"), password, "/sign-in")).At);
        return owner;
    }
}

public sealed class Unbinding_on_SQLite_and_memory(SqliteFactorHost host) : UnbindingTests(host.Idp), IClassFixture<SqliteFactorHost>;

[Thorough]
public sealed class Unbinding_on_PostgreSQL_and_Redis(PostgresFactorHost host) : UnbindingTests(host.Idp), IClassFixture<PostgresFactorHost>;
