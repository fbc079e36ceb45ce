using System.Net;
using IdP.Server.Accounts;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Recovery;

/// <summary>Every kind of change, made as it is made in life, and the mail that its owner then reads.</summary>
public abstract partial class RecoveryTests
{
    private const string WayOutLink = "/not-me?token=";

    // What the mail says, and whether it has a way out. Who has said "not me" is on the way already; what an operator did no mail takes back.
    private static readonly Dictionary<AccountChangeKind, (string Words, bool WayOut)> Told = new()
    {
        [AccountChangeKind.FactorBound] = ("Authenticator app was added to your two-step verification", true),
        [AccountChangeKind.FactorUnbound] = ("Authenticator app was removed from your two-step verification", true),
        [AccountChangeKind.FactorRebound] = ("Authenticator app was replaced in your two-step verification", true),
        [AccountChangeKind.PasswordChanged] = ("Your password was changed", true),
        [AccountChangeKind.EmailChanged] = ("Your e-mail address was changed to ", true),
        [AccountChangeKind.AccountDisabled] = ("Your account was disabled", false),
        [AccountChangeKind.Disowned] = ("Your account was secured because you said “this wasn’t me”", false),
        [AccountChangeKind.DeviceStolen] = ("A trusted device may have been copied; its sessions were ended", true),
        [AccountChangeKind.NewBrowser] = ("from a device we haven’t seen before", true),
    };

    /// <summary>All but the one that leaves nobody to be told: a removed person's mails are removed too.</summary>
    public static TheoryData<string> Kinds => [.. Enum.GetNames<AccountChangeKind>().Except([nameof(AccountChangeKind.AccountRemoved)])];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_change_of_any_kind_is_in_its_owners_mailbox(string kind)
    {
        Assert.True(Told.TryGetValue(Enum.Parse<AccountChangeKind>(kind), out var told), $"{kind} has no row");
        using var owner = await ChangeAsync(kind);
        var mail = await host.Mail.ReceiveAsync(owner.Person.Email, which: one => one.TextBody!.Contains(told.Words, StringComparison.Ordinal));
        Assert.Contains(owner.Person.UserName, mail.TextBody, StringComparison.Ordinal);
        Assert.Contains(told.Words, WebUtility.HtmlDecode(mail.HtmlBody), StringComparison.Ordinal);
        Assert.Equal(told.WayOut, mail.TextBody!.Contains(WayOutLink, StringComparison.Ordinal));
        Assert.Single(await host.Mail.InboxAsync(owner.Person.Email), one => one.TextBody!.Contains(told.Words, StringComparison.Ordinal));
        if (!told.WayOut)
            return;
        using var browser = idp.Browser();
        Assert.Equal("/not-me", (await browser.OpenAsync(LinkIn(mail))).At);
    }

    private async Task<Owner> ChangeAsync(string kind)
    {
        switch (Enum.Parse<AccountChangeKind>(kind))
        {
            case AccountChangeKind.FactorBound:
                return await ActAsync("bind totp");
            case AccountChangeKind.FactorUnbound:
                return await ActAsync("unbind totp");
            case AccountChangeKind.FactorRebound:
                return await ActAsync("rebind totp");
            case AccountChangeKind.PasswordChanged:
                return await ActAsync("password");
        }

        var owner = kind == nameof(AccountChangeKind.DeviceStolen) ? await Owner.WithOtpAsync(idp) : await NewOwnerAsync();
        switch (Enum.Parse<AccountChangeKind>(kind))
        {
            case AccountChangeKind.EmailChanged:
                var person = (await idp.Service<Users>().FindByLoginAsync(owner.Person.UserName, default))!;
                Assert.True(await idp.Service<Users>().UpdateAsync(person.Id, person with { Email = "another-" + person.Email }, new By(person.Id), default));
                break;
            case AccountChangeKind.AccountDisabled:
                Assert.True(await idp.Service<Users>().SetDisabledAsync(await owner.IdAsync(), true, By.Tool("cli"), default));
                break;
            case AccountChangeKind.Disowned:
                await owner.BindOtpAsync();
                using (var browser = idp.Browser())
                    await browser.SubmitAsync(await browser.OpenAsync(LinkIn(await host.Mail.ReceiveAsync(owner.Person.Email))), new Dictionary<string, string>(), "/not-me");
                break;
            case AccountChangeKind.DeviceStolen:
                await StealAsync(owner);
                break;
            case AccountChangeKind.NewBrowser:
                (await owner.ElsewhereAsync()).Dispose();
                break;
        }

        return owner;
    }

    private async Task<Owner> ActAsync(string action)
    {
        var scene = action == "bind totp" ? await GuardScene.SetWithoutFactorAsync(idp, action) : await GuardScene.SetAsync(idp, action);
        Assert.Equal(HttpStatusCode.OK, (await scene.ActHonestlyAsync()).Status);
        return scene.Owner;
    }

    /// <summary>Somebody has a copy of the cookie, and shows it when its owner has used it since.</summary>
    private async Task StealAsync(Owner owner)
    {
        Dictionary<string, string> password = new() { ["userName"] = owner.Person.UserName, ["password"] = owner.Person.Password };
        await owner.CodeIsGoodAgainAsync();
        owner.Browser.Forget("idp.session");
        var at = await owner.Browser.SubmitAsync(await owner.Browser.VisitAsync("/account"), password, "/sign-in");
        Assert.Equal("/account", (await owner.Browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = owner.Person.CodeAt(idp.Clock), ["trust"] = "yes" }, "/verify")).At);
        var copied = owner.Browser.Cookies.GetCookies(new Uri(idp.Issuer)).Single(cookie => cookie.Name.StartsWith("idp.trust-", StringComparison.Ordinal));
        using var thief = idp.Browser();
        thief.Cookies.Add(new Cookie(copied.Name, copied.Value, "/", copied.Domain));
        owner.Browser.Forget("idp.session");
        Assert.Equal("/account", (await owner.Browser.SubmitAsync(await owner.Browser.VisitAsync("/account"), password, "/sign-in")).At);
        idp.Clock.Forward(TimeSpan.FromSeconds(11));
        Assert.Equal("/verify", (await thief.SubmitAsync(await thief.VisitAsync("/account"), password, "/sign-in")).At);
    }
}
