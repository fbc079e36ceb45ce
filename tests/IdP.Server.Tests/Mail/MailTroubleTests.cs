using System.Diagnostics;
using System.Security.Cryptography;
using IdP.Server.Accounts;
using IdP.Server.Recovery;
using IdP.Server.Storage;
using IdP.Server.StepUp;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Mail;

/// <summary>
/// Every trouble that a mail server can be in × every page that sends a code, over real sockets: the person is told within two seconds, is shown another
/// way at once, and the other way works. Not a word is said in clear where TLS is demanded.
/// </summary>
public abstract class MailTroubleTests(MailTroubleHost host)
{
    private static readonly string[] Troubles =
        ["away", "no greeting", "no end to the greeting", "no answer to the mail", "no TLS", "TLS refused", "4xx", "5xx", "hangs up", "hangs up on the mail"];

    private static readonly Dictionary<string, string> Nothing = [];

    private readonly TestIdp idp = host.Idp;

    public static TheoryData<string> Table => [.. Troubles];

    [Theory, MemberData(nameof(Table))]
    public async Task At_sign_in_with_mail_as_the_default_way(string trouble)
    {
        var person = await FactorPerson.AddAsync(idp, "email", "totp");
        await idp.Service<Users>().PreferFactorAsync(person.Id, "email", By.Tool("tests"), default);
        using var browser = idp.Browser();
        var at = await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url);
        at = await ToldAsync(trouble, () => browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in"));
        // Where mail does not answer it may still come; where it cannot come the other way is offered at once.
        Assert.Equal(IsSlow(trouble) ? "email" : "totp", Asked(at));
        Assert.True(at.Page!.QuerySelector("details")!.HasAttribute("open"));

        if (IsSlow(trouble))
            at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = "totp" }, "/verify/other");
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = await person.CodeAsync("totp") }, "/verify");
        Assert.NotNull(at.MustAnswer()["code"]);
    }

    [Theory, MemberData(nameof(Table))]
    public async Task Before_a_change_in_the_settings(string trouble)
    {
        var person = await FactorPerson.AddAsync(idp, "totp", "email");
        using var owner = new Owner(idp, person.Person, idp.Browser());
        Assert.Equal("/account", (await owner.SignInAsync()).At);
        var unbind = GuardedAction.Unbind((await person.BindingAsync("email")).Id);
        var asking = await owner.Browser.VisitAsync("/account/confirm?action=" + unbind.Name);
        var at = await ToldAsync(trouble, () => owner.Browser.SendCodeAsync(asking));
        Assert.Equal("email", Asked(at));
        Assert.True(at.Page!.QuerySelector("details")!.HasAttribute("open"));
        Assert.Equal("/account/two-step/unbind", (await owner.ConfirmAsync(at)).At);
    }

    [Theory, MemberData(nameof(Table))]
    public async Task Before_a_new_password(string trouble)
    {
        var person = await FactorPerson.AddAsync(idp, "email", "totp");
        await idp.Service<Users>().PreferFactorAsync(person.Id, "email", By.Tool("tests"), default);
        var token = await idp.Service<Database>().TransactAsync(lane => idp.Service<PasswordReset>().MakeAsync(lane, person.Id, default), default);
        using var browser = idp.Browser();
        var asking = await browser.OpenAsync("/reset?token=" + token);
        var at = await ToldAsync(trouble, () => browser.SendCodeAsync(asking));
        Assert.Equal("email", Asked(at));
        Assert.True(at.Page!.QuerySelector("details")!.HasAttribute("open"));

        at = await browser.VisitAsync(at.Page.QuerySelector("details a[href*='with=totp']")!.GetAttribute("href")!);
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = await person.CodeAsync("totp") }, "/reset");
        Assert.NotNull(at.Page!.QuerySelector("input[name=newPassword]"));
    }

    [Theory, MemberData(nameof(Table))]
    public async Task When_an_address_is_to_be_bound(string trouble)
    {
        var person = await FactorPerson.AddAsync(idp, "totp");
        using var owner = new Owner(idp, person.Person, idp.Browser());
        Assert.Equal("/account", (await owner.SignInAsync()).At);
        var question = await owner.OpenGuardedAsync("/account/two-step/bind?factor=email");
        var at = await ToldAsync(trouble, () => owner.Browser.SubmitAsync(question, new Dictionary<string, string> { ["said"] = person.Mailbox }, "/account/two-step/bind/offer"));

        at = await owner.Browser.VisitAsync(at.Page!.QuerySelector("a.quiet")!.GetAttribute("href")!);
        Assert.Equal("0", at.Page!.QuerySelector("[data-factor=email]")!.GetAttribute("data-bound"));
        var offer = await owner.OpenGuardedAsync(at.Page.QuerySelector("[data-factor=totp] a[href$='factor=totp']")!.GetAttribute("href")!);
        Assert.Equal("/account/two-step", (await owner.AnswerAsync(offer, Otp.CodeAt(Owner.SecretOn(offer), idp.Clock.GetUtcNow()))).At);
    }

    [Theory, MemberData(nameof(Table))]
    public async Task When_an_address_is_to_be_bound_inside_the_sign_in(string trouble)
    {
        var person = await DemandedAsync();
        using var browser = idp.Browser();
        var at = await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url);
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        var question = await browser.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = "email" }, "/bind/choose");
        at = await ToldAsync(trouble, () => browser.SubmitAsync(question, new Dictionary<string, string> { ["said"] = $"{person.UserName}@elsewhere.example" }, "/bind/choose"));

        at = await browser.SubmitAsync(at, Nothing, "/bind/other");
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = "totp" }, "/bind/choose");
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = Otp.CodeAt(Owner.SecretOn(at), idp.Clock.GetUtcNow()) }, "/bind");
        Assert.NotNull(at.MustAnswer()["code"]);
    }

    private static bool IsSlow(string trouble) => trouble.StartsWith("no ", StringComparison.Ordinal) && trouble != "no TLS";

    private static string? Asked(Stop at) => at.Page!.QuerySelector("[data-factor]")?.GetAttribute("data-factor");

    /// <summary>The page after the step that sends a code, in the middle of the trouble.</summary>
    private async Task<Stop> ToldAsync(string trouble, Func<Task<Stop>> step)
    {
        host.Begin(trouble);
        try
        {
            var watch = Stopwatch.StartNew();
            var at = await step();
            Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
            Assert.True(at.Page!.QuerySelector(IsSlow(trouble) || Asked(at) == "totp" ? "[data-notice]" : "[data-problem=CannotAsk], [data-problem=Refused]") is not null, at.Describe());
            // A server that does not speak TLS hears that we would like to, and nothing else.
            Assert.All(host.Smtp.HeardInClear, line => Assert.Matches("^(EHLO|STARTTLS|QUIT)", line));
            return at;
        }
        finally
        {
            host.Begin("");
        }
    }

    private async Task<Person> DemandedAsync()
    {
        var name = "demanded-" + RandomNumberGenerator.GetHexString(12, lowercase: true);
        var person = new Person(name, "correct-horse-for-" + name);
        Assert.NotNull(await idp.Service<Users>().AddAsync(new UserDraft { UserName = person.UserName, Email = person.Email, Groups = [MailTroubleHost.Demanded] }, person.Password, "tests", default));
        return person;
    }
}

public sealed class MailTrouble_on_SQLite_and_memory(SqliteMailTroubleHost host) : MailTroubleTests(host), IClassFixture<SqliteMailTroubleHost>;

[Thorough]
public sealed class MailTrouble_on_PostgreSQL_and_Redis(PostgresMailTroubleHost host) : MailTroubleTests(host), IClassFixture<PostgresMailTroubleHost>;
