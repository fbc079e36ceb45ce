using IdP.Server.Accounts;
using IdP.Server.Recovery;
using IdP.Server.Storage;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>Which of several bound factors is asked for first, and 更换验证方式 on every page that asks.</summary>
public abstract class FirstFactorTests(TestIdp idp)
{
    [Fact]
    public async Task The_factor_set_in_the_settings_is_asked_for_first_and_else_the_one_used_last()
    {
        var person = await FactorPerson.AddAsync(idp, "totp", "email");
        using var owner = await AtSettingsAsync(person);
        Assert.Equal("totp", await AskedFirstAsync(person));

        var list = await owner.Browser.VisitAsync("/account/two-step");
        Assert.Equal(["", "totp", "email"], list.Page!.QuerySelectorAll("#factor option").Select(option => option.GetAttribute("value")));
        Assert.Equal("email", await PreferAsync(owner, "email"));
        Assert.Equal("email", await AskedFirstAsync(person));
        Assert.Equal("totp", await PreferAsync(owner, "totp"));
        Assert.Equal("totp", await AskedFirstAsync(person));

        Assert.Equal("", await PreferAsync(owner, ""));
        foreach (var used in (string[])["email", "totp", "email"])
        {
            await UseAsync(person, used);
            // A node knows a person for three seconds, and mails no more than three codes in ten minutes.
            idp.Service<Users>().Forget(person.Id);
            idp.Clock.Forward(TimeSpan.FromMinutes(11));
            Assert.Equal(used, await AskedFirstAsync(person));
        }
    }

    [Theory]
    [InlineData("recovery")]
    [InlineData("nothing-of-the-kind")]
    public async Task A_factor_that_is_not_bound_cannot_be_set(string factor)
    {
        var person = await FactorPerson.AddAsync(idp, "totp", "email");
        using var owner = await AtSettingsAsync(person);
        Assert.Equal("", await PreferAsync(owner, factor));
        Assert.Null((await idp.Service<Users>().FindByLoginAsync(person.UserName, default))!.PreferredFactor);
    }

    [Fact]
    public async Task Another_bound_way_may_be_chosen_before_a_change_and_it_proves_as_well()
    {
        var person = await FactorPerson.AddAsync(idp, "totp", "email", "recovery");
        using var owner = await AtSettingsAsync(person);
        var confirm = "/account/confirm?action=unbind:" + (await person.BindingAsync("email")).Id;
        // The one that the change concerns comes first, what is for the day the others are lost last.
        var at = await owner.Browser.VisitAsync(confirm);
        Assert.Equal(("email", "totp recovery"), (Asked(at), Others(at)));
        Assert.Equal("email", Asked(await owner.Browser.VisitAsync(confirm + "&with=nothing-of-the-kind")));

        foreach (var other in (string[])["totp", "recovery"])
        {
            at = await owner.Browser.VisitAsync(Link(await owner.Browser.VisitAsync(confirm), other));
            Assert.Equal(other, Asked(at));
            // A wrong code does not lead back to the first.
            at = await owner.Browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = "000000" }, "/account/confirm");
            Assert.Equal((other, "WrongCode"), (Asked(at), at.Page!.QuerySelector("[data-problem]")!.GetAttribute("data-problem")));
        }

        at = await owner.Browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = await person.CodeAsync("recovery") }, "/account/confirm");
        Assert.Equal("/account/two-step/unbind", at.At);
    }

    [Theory]
    [InlineData("totp", "email")]
    [InlineData("email", "totp")]
    public async Task Another_bound_way_may_be_chosen_before_a_new_password(string first, string other)
    {
        var person = await FactorPerson.AddAsync(idp, "totp", "email");
        await idp.Service<Users>().PreferFactorAsync(person.Id, first, By.Tool("tests"), default);
        var token = await idp.Service<Database>().TransactAsync(lane => idp.Service<PasswordReset>().MakeAsync(lane, person.Id, default), default);
        using var browser = idp.Browser();
        var at = await browser.OpenAsync("/reset?token=" + token);
        Assert.Equal((first, other), (Asked(at), Others(at)));
        at = await browser.SendCodeAsync(await browser.VisitAsync(Link(at, other)));
        Assert.Equal(other, Asked(at));
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = await person.CodeAsync(other) }, "/reset");
        Assert.NotNull(at.Page!.QuerySelector("input[name=newPassword]"));
    }

    private static string? Asked(Stop at) => at.Page!.QuerySelector("[data-factor]")?.GetAttribute("data-factor");

    private static string Others(Stop at) => string.Join(' ', at.Page!.QuerySelectorAll("details a").Select(link => link.GetAttribute("href")!.Split("with=")[1]));

    private static string Link(Stop at, string factor) => at.Page!.QuerySelector($"details a[href*='with={factor}']")!.GetAttribute("href")!;

    /// <summary>What stands in the list afterwards.</summary>
    private static async Task<string?> PreferAsync(Owner owner, string factor)
    {
        var list = await owner.Browser.VisitAsync("/account/two-step");
        list = await owner.Browser.SubmitAsync(list, new Dictionary<string, string> { ["factor"] = factor }, "/account/two-step/prefer");
        Assert.Equal("/account/two-step", list.At);
        return list.Page!.QuerySelector("#factor option[selected]")?.GetAttribute("value");
    }

    private async Task<Owner> AtSettingsAsync(FactorPerson person)
    {
        var owner = new Owner(idp, person.Person, idp.Browser());
        Assert.Equal("/account", (await owner.SignInAsync()).At);
        idp.Clock.Forward(TimeSpan.FromSeconds(31));
        return owner;
    }

    private async Task<string?> AskedFirstAsync(FactorPerson person)
    {
        using var browser = idp.Browser();
        return Asked(await PasswordAsync(browser, person));
    }

    private async Task UseAsync(FactorPerson person, string factor)
    {
        using var browser = idp.Browser();
        var at = await PasswordAsync(browser, person);
        if (Asked(at) != factor)
            at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = factor }, "/verify/other");
        Assert.NotNull((await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = await person.CodeAsync(factor) }, "/verify")).Answer);
    }

    private async Task<Stop> PasswordAsync(Browser browser, FactorPerson person) => await browser.SubmitAsync(
        await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url), new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
}

public sealed class FirstFactor_on_SQLite_and_memory(SqliteFactorHost host) : FirstFactorTests(host.Idp), IClassFixture<SqliteFactorHost>;

[Thorough]
public sealed class FirstFactor_on_PostgreSQL_and_Redis(PostgresFactorHost host) : FirstFactorTests(host.Idp), IClassFixture<PostgresFactorHost>;
