using System.Diagnostics;
using IdP.Server.Accounts;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Mail;

/// <summary>The operator says that the mail server speaks TLS from the first byte, and it does not.</summary>
public sealed class PlainMailServerTests
{
    [Theory]
    [InlineData(StorePair.SqliteAndMemory)]
    [InlineData(StorePair.PostgresAndRedis)]
    public async Task Whoever_asks_for_a_mailed_code_is_told_at_once_and_goes_on_another_way(StorePair pair)
    {
        using var smtp = new ScriptedSmtp(said => ScriptedSmtp.Takes(said, "STARTTLS", "AUTH PLAIN"), TestCertificates.Make());
        var settings = new Dictionary<string, string>(smtp.Settings) { ["Mail:Security"] = "ImplicitTls", ["Mail:User"] = "idp", ["Mail:Password"] = "password-canary" };
        await using var idp = await TestIdp.StartAsync(pair, new TestIdpOptions { Seed = new Seed(otpPeople: 0, plainPeople: 0), Settings = settings });
        var person = await FactorPerson.AddAsync(idp, "email", "totp");
        await idp.Service<Users>().PreferFactorAsync(person.Id, "email", By.Tool("tests"), default);
        using var browser = idp.Browser();
        var at = await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url);

        var watch = Stopwatch.StartNew();
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.Equal("totp", at.Page!.QuerySelector("[data-factor]")!.GetAttribute("data-factor"));
        Assert.NotNull(at.Page.QuerySelector("[data-notice]"));
        foreach (var word in (string[])["EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", person.UserName, "canary"])
            Assert.DoesNotContain(smtp.HeardInClear, line => line.Contains(word, StringComparison.Ordinal));

        Assert.NotNull((await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = await person.CodeAsync("totp") }, "/verify")).MustAnswer()["code"]);
    }
}
