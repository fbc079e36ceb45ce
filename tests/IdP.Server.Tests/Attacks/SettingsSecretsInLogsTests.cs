using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>
/// I-7 at the personal pages: the key of an app to bind, mailed codes, recovery codes, the cookie of a trusted device, the links in mails - which stand in query
/// strings - and both passwords are searched in all that the server prints, by the real program with a real mail server.
/// </summary>
public sealed partial class SettingsSecretsInLogsTests
{
    [Theory]
    [InlineData(StorePair.SqliteAndMemory, "Production")]
    [InlineData(StorePair.PostgresAndRedis, "Production")]
    [InlineData(StorePair.SqliteAndMemory, "Development")]
    public async Task No_secret_of_a_persons_own_pages_reaches_a_log(StorePair pair, string environment)
    {
        var mail = await MailServers.GetAsync();
        await using var idp = await TestIdp.StartAsync(pair, new TestIdpOptions
        {
            OwnProcess = true, Environment = environment, Seed = new Seed(otpPeople: 0), Settings = new Dictionary<string, string>(mail.Settings.Concat(LogSearch.Loudest)),
        });
        var backup = $"logs-{RandomNumberGenerator.GetHexString(12, lowercase: true)}@elsewhere.example";
        var person = idp.Plain();
        // Servers share one mail server, and its first person one mailbox.
        var before = (await mail.InboxAsync(person.Email)).Count;
        Dictionary<string, string> secrets = new() { ["password"] = person.Password, ["new password"] = "canary-of-a-new-password", ["mail server's password"] = mail.Password };
        using var browser = idp.Browser();
        using var owner = new Owner(idp, person, browser);

        // The clock is the real one, and every code good once: codes on paper prove what the app has no new code for yet.
        var offer = await BeginAsync(owner, "/account/two-step/bind?factor=totp");
        secrets["key of the app"] = Owner.SecretOn(offer);
        secrets["app's code"] = Otp.CodeAt(secrets["key of the app"], idp.Clock.GetUtcNow());
        Assert.Equal("/account/two-step", (await owner.AnswerAsync(offer, secrets["app's code"])).At);
        var at = await browser.VisitAsync("/account/two-step/bind?factor=recovery");
        secrets["app's next code"] = Otp.CodeAt(secrets["key of the app"], idp.Clock.GetUtcNow().AddSeconds(30));
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = secrets["app's next code"] }, "/account/confirm");
        string[] codes = [.. at.Page!.QuerySelectorAll("#codes code").Select(code => code.TextContent)];
        foreach (var code in codes)
            secrets["recovery code " + code] = code;
        await browser.VisitAsync(at.Page.QuerySelector("a[download]")!.GetAttribute("href")!);
        Assert.Equal("/account/two-step", (await browser.SubmitAsync(at, new Dictionary<string, string>(), "/account/two-step/bind")).At);

        at = await ProveAsync(browser, "/account/two-step/bind?factor=email", codes[0]);
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["said"] = backup }, "/account/two-step/bind/offer");
        secrets["code to a new address"] = Postbox.CodeIn((await mail.ReceiveAsync(backup)).TextBody!);
        Assert.Equal("/account/two-step", (await owner.AnswerAsync(at, secrets["code to a new address"])).At);

        // The next sign-in is by mail, and the device trusted.
        using var trusted = idp.Browser();
        at = await trusted.VisitAsync("/account");
        at = await trusted.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        if (at.Page!.QuerySelector("[data-factor]")!.GetAttribute("data-factor") != "email")
            at = await trusted.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = "email" }, "/verify/other");
        // A notice of the new way in goes there too, and either may come first.
        secrets["mailed code"] = Postbox.CodeIn((await mail.ReceiveAsync(backup, after: 1, which: one => Postbox.HasCode(one.TextBody!))).TextBody!);
        Assert.Equal("/account", (await trusted.SubmitAsync(at, new Dictionary<string, string> { ["code"] = secrets["mailed code"], ["trust"] = "yes" }, "/verify")).At);
        LogSearch.AddCookies(secrets, trusted, idp, "trusted browser's ");
        secrets["trusted device's secret"] = secrets.Single(cookie => cookie.Key.Contains("idp.trust-", StringComparison.Ordinal)).Value.Split('.')[^1];

        // A forgotten password, and "this was not me".
        await browser.SubmitAsync(await browser.VisitAsync("/forgot"), new Dictionary<string, string> { ["userName"] = person.UserName }, "/forgot");
        var reset = await LinkAsync(mail, person.Email, before, "/reset?");
        secrets["link to a new password"] = reset.Split("token=")[1];
        at = await browser.VisitAsync(reset);
        at = await browser.VisitAsync(at.Page!.QuerySelector("details a[href*='with=recovery']")!.GetAttribute("href")!);
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = codes[1] }, "/reset");
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["newPassword"] = secrets["new password"], ["again"] = secrets["new password"] }, "/reset");
        Assert.Contains("done=yes", at.Url.Query, StringComparison.Ordinal);
        var notMe = await LinkAsync(mail, person.Email, before, "/not-me?");
        secrets["not-me link"] = notMe.Split("token=")[1];
        at = await browser.SubmitAsync(await browser.VisitAsync(notMe), new Dictionary<string, string>(), "/not-me");
        Assert.Equal("/reset", at.At);
        secrets["link after not me"] = Browser.ParseQuery(at.Url.Query).First(pair => pair.Key == "token").Value;
        LogSearch.AddCookies(secrets, browser, idp);

        await LogSearch.AssertNoneAsync(idp, secrets);
    }

    private static async Task<Stop> BeginAsync(Owner owner, string path)
    {
        var at = await owner.Browser.VisitAsync("/account");
        at = await owner.Browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = owner.Person.UserName, ["password"] = owner.Person.Password }, "/sign-in");
        Assert.Equal("/account", at.At);
        return await owner.OpenGuardedAsync(path);
    }

    private static async Task<Stop> ProveAsync(Browser browser, string path, string recoveryCode)
    {
        var at = await browser.VisitAsync(path);
        at = await browser.VisitAsync(at.Page!.QuerySelector("details a[href*='with=recovery']")!.GetAttribute("href")!);
        return await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = recoveryCode }, "/account/confirm");
    }

    /// <summary>The newest link of this kind that came to a mailbox since; waits for it.</summary>
    private static async Task<string> LinkAsync(MailServer mail, string address, int since, string page)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromSeconds(15); await Task.Delay(100))
        {
            if ((await mail.InboxAsync(address)).Skip(since).Select(one => Link().Match(one.TextBody ?? "").Value).LastOrDefault(link => link.Contains(page, StringComparison.Ordinal)) is { } link)
                return link;
        }

        throw new InvalidOperationException($"No mail with a link to {page} came. {await mail.LogAsync()}");
    }

    [GeneratedRegex(@"http://\S+token=\S+")]
    private static partial Regex Link();
}
