using System.Text.RegularExpressions;
using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Factors.Totp;
using IdP.Server.Storage;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>What ends trust and what does not, each done where it is done in life: on a page, by a mailed link, on the command line.</summary>
public abstract partial class TrustedDeviceTests
{
    private const string Fresh = "another one altogether";

    private static readonly string[] Triggers =
    [
        "new password", "forgotten password", "not me", "bind an app", "bind an address", "make recovery codes", "rebind", "unbind", "remove this one", "remove all",
        "operator: new password", "operator: new app", "operator: disable", "ten more devices", "thirty days",
    ];

    public static TheoryData<string> Ending => [.. Triggers];

    public static TheoryData<string> Harmless => ["end this session", "end all other sessions", "sign out", "operator: unlock"];

    [Theory, MemberData(nameof(Ending))]
    public async Task After_what_makes_trust_worthless_the_second_factor_is_asked_for(string trigger)
    {
        using var owner = await Owner.WithOtpAsync(idp);
        if (trigger == "unbind")
            await AddAppAsync(owner);
        using var trusted = await GiveTrustAsync(owner);
        Assert.True(await SparesAsync(trusted, owner));
        await EndAsync(trigger, owner);
        Assert.False(await SparesAsync(trusted, owner));
    }

    [Theory, MemberData(nameof(Harmless))]
    public async Task What_concerns_neither_password_nor_factor_nor_device_leaves_trust_alone(string deed)
    {
        using var owner = await Owner.WithOtpAsync(idp);
        using var trusted = await GiveTrustAsync(owner);
        switch (deed)
        {
            case "end this session":
                var list = await owner.Browser.VisitAsync("/account/sessions");
                await PostAsync(owner, "/account/sessions/end", ("id", list.Page!.QuerySelectorAll("[data-session]").Single(line => line.QuerySelector("form") is not null).GetAttribute("data-session")!));
                break;
            case "end all other sessions":
                await PostAsync(owner, "/account/sessions/others");
                break;
            case "sign out":
                await trusted.SubmitAsync(await trusted.VisitAsync("/connect/endsession"), new Dictionary<string, string> { ["decision"] = "sign-out" });
                break;
            default:
                await CliAsync("user", "unlock", owner.Person.UserName);
                break;
        }

        if (!deed.StartsWith("operator", StringComparison.Ordinal))
            Assert.Equal("/sign-in", (await trusted.VisitAsync("/account")).At);
        Assert.True(await SparesAsync(trusted, owner));
    }

    private async Task EndAsync(string trigger, Owner owner)
    {
        switch (trigger)
        {
            case "new password":
                await owner.Browser.SubmitAsync(await owner.OpenGuardedAsync("/account/password"), NewPassword(owner.Person.Password), "/account/password");
                owner.HasPassword(Fresh);
                break;
            case "forgotten password":
                await owner.Browser.SubmitAsync(await owner.Browser.VisitAsync("/forgot"), new Dictionary<string, string> { ["userName"] = owner.Person.UserName }, "/forgot");
                await ResetAsync(owner, await owner.Browser.OpenAsync(await LinkToAsync(owner, "/reset?")));
                break;
            case "not me":
                // The sign-in at the browser that is trusted was told.
                var asked = await owner.Browser.OpenAsync(await LinkToAsync(owner, "/not-me?"));
                await ResetAsync(owner, await owner.Browser.SubmitAsync(asked, new Dictionary<string, string>(), "/not-me"));
                break;
            case "bind an app":
                await owner.BindOtpAsync();
                break;
            case "bind an address":
                var address = $"{owner.Person.UserName}@elsewhere.example";
                var offer = await owner.Browser.SubmitAsync(await owner.OpenGuardedAsync("/account/two-step/bind?factor=email"), new Dictionary<string, string> { ["said"] = address }, "/account/two-step/bind/offer");
                Assert.Equal("/account/two-step", (await owner.AnswerAsync(offer, idp.Postbox.CodeTo(address))).At);
                break;
            case "make recovery codes":
                await owner.MakeCodesAsync();
                break;
            case "rebind":
                await owner.BindOtpAsync((await owner.BindingAsync("totp")).Id);
                break;
            case "unbind":
                var page = await owner.OpenGuardedAsync("/account/two-step/unbind?id=" + (await owner.BindingAsync("totp")).Id);
                Assert.Equal("/account/two-step", (await owner.Browser.SubmitAsync(page, new Dictionary<string, string>(), "/account/two-step/unbind")).At);
                break;
            case "remove this one":
                var devices = await owner.Browser.VisitAsync("/account/devices");
                await PostAsync(owner, "/account/devices/remove", ("id", Assert.Single(devices.Page!.QuerySelectorAll("[data-device]")).GetAttribute("data-device")!));
                break;
            case "remove all":
                await PostAsync(owner, "/account/devices/all");
                break;
            case "operator: new password":
                await CliAsync("user", "password", owner.Person.UserName, "--password", Fresh);
                owner.HasPassword(Fresh);
                break;
            case "operator: new app":
                await CliAsync("apply", await idp.WriteAsync("app.json", $$"""{"users":[{"userName":"{{owner.Person.UserName}}","totpSecret":"{{Otp.NewSecret()}}"}]}"""));
                break;
            case "operator: disable":
                await CliAsync("user", "disable", owner.Person.UserName);
                await CliAsync("user", "enable", owner.Person.UserName);
                break;
            case "ten more devices":
                for (var device = 0; device < 10; device++)
                    (await GiveTrustAsync(owner)).Dispose();
                break;
            default:
                await idp.ForwardAsync(TimeSpan.FromDays(30));
                break;
        }
    }

    private async Task<Browser> GiveTrustAsync(Owner owner)
    {
        var browser = idp.Browser();
        var at = await AtVerifyAsync(browser, owner.Person);
        await owner.CodeIsGoodAgainAsync();
        Assert.NotNull((await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = owner.Person.CodeAt(idp.Clock), ["trust"] = "yes" }, "/verify")).Answer?["code"]);
        return browser;
    }

    /// <summary>Signs in anew: with the password alone, or asked for the second factor.</summary>
    private async Task<bool> SparesAsync(Browser browser, Owner owner)
    {
        Forget(browser, "idp.session");
        var at = await AtVerifyAsync(browser, owner.Person);
        Assert.True(at.Answer?["code"] is not null || at.At == "/verify", at.Describe());
        return at.Answer is not null;
    }

    private async Task AddAppAsync(Owner owner) => await idp.Service<FactorBindings>().AddAsync(
        await owner.IdAsync(), new("totp", "second", new TotpSecret(Otp.NewSecret()).ToBytes()), By.Tool("tests") with { SettingUp = true }, default);

    private async Task ResetAsync(Owner owner, Stop at)
    {
        await owner.CodeIsGoodAgainAsync();
        at = await owner.Browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = owner.Person.CodeAt(idp.Clock) }, "/reset");
        Assert.Contains("done=yes", (await owner.Browser.SubmitAsync(at, NewPassword(owner.Person.Password), "/reset")).Url.Query, StringComparison.Ordinal);
        owner.HasPassword(Fresh);
    }

    private static Dictionary<string, string> NewPassword(string old) => new() { ["password"] = old, ["newPassword"] = Fresh, ["again"] = Fresh };

    private static async Task PostAsync(Owner owner, string path, params (string Name, string Value)[] fields)
    {
        var csrf = await owner.CsrfAsync();
        var done = await owner.Browser.PostAsync(path, [new("__csrf", csrf), .. fields.Select(field => KeyValuePair.Create(field.Name, field.Value))]);
        Assert.Contains("done=", done.Url.Query, StringComparison.Ordinal);
    }

    private async Task CliAsync(params string[] verb)
    {
        var (code, output) = await idp.CliAsync(verb);
        Assert.True(code == 0, output);
    }

    private async Task<string> LinkToAsync(Owner owner, string page) => Link().Match((await idp.Postbox.ReceiveAsync(owner.Person.Email, page)).Text).Value;

    [GeneratedRegex(@"http://\S+token=\S+")]
    private static partial Regex Link();
}
