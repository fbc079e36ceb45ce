using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Factors.BackupEmail;
using IdP.Server.Mail;
using IdP.Server.StepUp;
using IdP.Server.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IdP.Server.Tests.Settings;

/// <summary>Where no mail server is set, nothing is offered that would need one; whoever has an address bound from before can be rid of it.</summary>
public sealed class WithoutMailTests
{
    [Fact]
    public async Task A_backup_address_is_neither_shown_nor_bound_nor_demanded()
    {
        await using var idp = await TestIdp.StartAsync(StorePair.SqliteAndMemory, new TestIdpOptions
        {
            Seed = new Seed(otpPeople: 0),
            Replace = services => services.AddSingleton<IMailTransport, NoTransport>(),
        });
        using var owner = await Owner.WithOtpAsync(idp);
        Assert.Equal("totp recovery", Rows(await owner.Browser.VisitAsync("/account/two-step")));
        Assert.Equal("not_found", (await owner.Browser.VisitAsync("/account/two-step/bind?factor=email")).PersonError);

        var address = new BackupAddress("elsewhere@elsewhere.example");
        var bound = (await idp.Service<FactorBindings>().AddAsync(await owner.IdAsync(), new NewBinding("email", address.Masked, address.ToBytes()), By.Tool("tests"), default))!;
        var list = await owner.Browser.VisitAsync("/account/two-step");
        Assert.Equal("totp email recovery", Rows(list));
        Assert.Equal($"/account/two-step/unbind?id={bound.Id}", Assert.Single(list.Page!.QuerySelectorAll("[data-factor=email] a.button")).GetAttribute("href"));

        await Seed.DemandAsync(idp, new BindingPolicy { Name = "all", Everyone = true });
        while ((await idp.Service<BindingPolicies>().GetAsync(default)).Count == 0)
            await Task.Delay(100);
        var other = await idp.NewPersonAsync();
        using var browser = idp.Browser();
        var at = await browser.SubmitAsync(await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url), new Dictionary<string, string> { ["userName"] = other.UserName, ["password"] = other.Password }, "/sign-in");
        Assert.Equal("totp", Assert.Single(at.Page!.QuerySelectorAll("button[name=factor]")).GetAttribute("value"));
    }

    private static string Rows(Stop list) => string.Join(' ', list.Page!.QuerySelectorAll("li[data-factor]").Select(row => row.GetAttribute("data-factor")));
}
