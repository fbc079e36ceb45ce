using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Recovery;
using IdP.Server.Storage;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>A factor that people have bound is not installed any more: the others are asked for, and where there are none the door stays closed, calmly.</summary>
public abstract class GoneFactorTests(TestIdp idp)
{
    [Fact]
    public async Task The_others_are_asked_for()
    {
        var person = await FactorPerson.AddAsync(idp, "totp");
        await BindGoneAsync(person.Id);
        using var browser = idp.Browser();
        var at = await PasswordAsync(browser, person.Person);
        Assert.Equal("totp", at.Page!.QuerySelector("[data-factor]")!.GetAttribute("data-factor"));
        Assert.Empty(at.Page.QuerySelectorAll("button[name=factor]"));
        Assert.NotNull((await browser.SubmitAsync(at, Code(await person.CodeAsync()), "/verify")).MustAnswer()["code"]);
        at = await browser.VisitAsync("/account");
        Assert.Equal("/account", at.At);
        at = await browser.VisitAsync("/account/confirm?action=password");
        Assert.Equal("totp", at.Page!.QuerySelector("[data-factor]")!.GetAttribute("data-factor"));
        Assert.Empty(at.Page.QuerySelectorAll("a[href*='with=']"));
    }

    [Fact]
    public async Task The_password_alone_opens_nothing()
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        Assert.Equal("/account", (await owner.Browser.VisitAsync("/account")).At);
        var id = await owner.IdAsync();
        await BindGoneAsync(id);

        using var browser = idp.Browser();
        Assert.Equal("no_second_step", (await PasswordAsync(browser, owner.Person)).PersonError);
        Assert.Equal("no_second_step", (await owner.Browser.OpenAsync(idp.Issuer + "/account/confirm?action=password")).PersonError);
        var token = await idp.Service<Database>().TransactAsync(lane => idp.Service<PasswordReset>().MakeAsync(lane, id, default), default);
        Assert.Equal("no_second_step", (await browser.OpenAsync("/reset?token=" + token)).PersonError);
    }

    private async Task BindGoneAsync(string userId) =>
        Assert.NotNull(await idp.Service<FactorBindings>().AddAsync(userId, new NewBinding("gone", null, [1]), By.Tool("tests"), default));

    private async Task<Stop> PasswordAsync(Browser browser, Person person) => await browser.SubmitAsync(
        await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url), new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");

    private static Dictionary<string, string> Code(string code) => new() { ["code"] = code };
}

public sealed class Gone_factors_on_SQLite_and_memory(SqliteFactorHost host) : GoneFactorTests(host.Idp), IClassFixture<SqliteFactorHost>;

[Thorough]
public sealed class Gone_factors_on_PostgreSQL_and_Redis(PostgresFactorHost host) : GoneFactorTests(host.Idp), IClassFixture<PostgresFactorHost>;
