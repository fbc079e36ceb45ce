using IdP.Server.Accounts;
using IdP.Server.Tests.FurtherFactors.App;
using IdP.Server.Tests.SignIn;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.FurtherFactors;

/// <summary>
/// The step-skipping table for a step that is approved elsewhere: before the approval nothing goes on, and after it nothing but the claim of the browser that
/// waits. At the end the honest person finishes, which shows that the moves were made on a live sign-in.
/// </summary>
public abstract class ApprovalSkippingTests(FactorHost host)
{
    private static readonly string[] Moves =
    [
        "get /connect/continue", "get /verify", "get /sign-in", "get /consent", "get /bind", "ask how it stands", "listen how it stands",
        "post /verify code=000000", "post /verify answer=custom", "post /verify answer=nothing", "post /verify", "post /consent decision=allow", "post /bind answer=done", "post /connect/continue answer=done",
        "other browser claims", "all but the owner's cookie", "no csrf", "csrf of another browser", "from another site", "another sign-in of this browser", "silent",
    ];

    private static readonly Dictionary<string, string> Done = new() { ["answer"] = "done" };

    private readonly TestIdp idp = host.Idp;

    public static TheoryData<string, bool> Table
    {
        get
        {
            var table = new TheoryData<string, bool>();
            foreach (var move in Moves)
            {
                table.Add(move, false);
                table.Add(move, true);
            }

            // Its own right answer, before it is one.
            table.Add("post /verify answer=done", false);
            return table;
        }
    }

    [Theory, MemberData(nameof(Table))]
    public async Task Only_the_claim_of_the_waiting_browser_advances_it(string move, bool approved)
    {
        ArgumentNullException.ThrowIfNull(move);
        var person = await FactorPerson.AddAsync(idp, "app");
        var app = idp.App(TestClient.Web);
        using var browser = idp.Browser();
        var ask = app.Ask();
        var at = await SignInAsync(browser, ask, person);
        var yes = await host.Phone.DecisionAsync(person.Id, at.Page!.QuerySelector("[data-wait]")!.GetAttribute("data-wait")!.Split('/')[^1], approve: true);
        if (approved)
            Assert.Equal("Approved", await host.Phone.SendAsync(yes));

        var result = await MakeAsync(move, browser, at, person);
        Assert.True(result?.Answer?["code"] is null, $"{move} gave a code");
        Assert.True(result is null || (int)result.Status < 500, result?.Describe());
        Assert.Null((await browser.OpenAsync(app.Ask().With("prompt", "none").Url)).MustAnswer()["code"]);
        Assert.Equal("/verify", (await browser.VisitAsync("/connect/continue" + at.Url.Query)).At);

        if (!approved)
            Assert.Equal("Approved", await host.Phone.SendAsync(yes));
        var end = await browser.SubmitAsync(at, new Dictionary<string, string>(), "/verify");
        var token = await idp.ReadAsync((await app.RedeemAsync(end.MustAnswer(), ask)).MustSucceed().IdToken, TestClient.Web.Id);
        Assert.Equal((person.Id, "mfa", "pwd swk mca mfa"), (token.Subject, token.Acr, string.Join(' ', token.Amr)));
    }

    [Fact]
    public async Task What_the_phone_refused_gives_nothing_to_anybody()
    {
        var person = await FactorPerson.AddAsync(idp, "app");
        using var browser = idp.Browser();
        var at = await SignInAsync(browser, idp.App(TestClient.Web).Ask(), person);
        await host.Phone.DecideAsync(person.Id, approve: false);
        foreach (var move in (string[])["post /verify answer=done", "post /verify answer=done", "get /connect/continue", "ask how it stands"])
            Assert.True((await MakeAsync(move, browser, at, person))?.Answer?["code"] is null, $"{move} gave a code");
        Assert.Null((await browser.OpenAsync(idp.App(TestClient.Web).Ask().With("prompt", "none").Url)).MustAnswer()["code"]);
    }

    private async Task<Stop?> MakeAsync(string move, Browser browser, Stop at, FactorPerson person)
    {
        var (tx, csrf) = (at.Url.Query, Browser.Fields(at.Form())["__csrf"]);
        using var other = idp.Browser();
        switch (move)
        {
            case "ask how it stands":
                return await browser.VisitAsync(at.Page!.QuerySelector("[data-wait]")!.GetAttribute("data-wait")!);
            case "listen how it stands":
                using (var stream = await EventStream.OpenAsync(new Uri(idp.Issuer + at.Page!.QuerySelector("[data-wait]")!.GetAttribute("data-wait")), browser.CookieHeader))
                    await stream.NextAsync();
                return null;
            case "other browser claims":
                var theirs = await SignInAsync(other, idp.App(TestClient.Web).Ask(), await FactorPerson.AddAsync(idp, "app"));
                return await other.PostAsync("/verify" + tx, [new("__csrf", Browser.Fields(theirs.Form())["__csrf"]), .. Done]);
            case "all but the owner's cookie":
                other.Cookies.Add(new Uri(idp.Issuer), browser.Cookies.GetCookies(new Uri(idp.Issuer))["idp.browser"]!);
                return await other.PostAsync("/verify" + tx, [new("__csrf", csrf), .. Done]);
            case "no csrf":
                return await browser.PostAsync("/verify" + tx, [.. Done]);
            case "csrf of another browser":
                var page = await other.OpenAsync(idp.App(TestClient.Web).Ask().Url);
                return await browser.PostAsync("/verify" + tx, [new("__csrf", Browser.Fields(page.Form())["__csrf"]), .. Done]);
            case "from another site":
                return await browser.PostAsync("/verify" + tx, [new("__csrf", csrf), .. Done], origin: "https://evil.example");
            case "another sign-in of this browser":
                // A challenge of one sign-in, approved, is not another's; the phone was asked again for this one and has not answered.
                var second = await SignInAsync(browser, idp.App(TestClient.Web).Ask(), person);
                return await browser.PostAsync("/verify" + second.Url.Query, [new("__csrf", csrf), .. Done]);
            case "silent":
                return await browser.OpenAsync(idp.App(TestClient.Web).Ask().With("prompt", "none").With("acr_values", "mfa").Url);
        }

        var words = move.Split(' ');
        return words[0] == "get" ? await browser.VisitAsync(words[1] + tx)
            : await browser.PostAsync(words[1] + tx, [new("__csrf", csrf), .. words[2..].Select(word => word.Split('=')).Select(pair => KeyValuePair.Create(pair[0], pair[1]))]);
    }

    private async Task<Stop> SignInAsync(Browser browser, AuthorizationAsk ask, FactorPerson person)
    {
        var password = new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password };
        var at = await browser.SubmitAsync(await browser.OpenAsync(ask.Url), password, "/sign-in");
        Assert.NotNull(at.Page!.QuerySelector("[data-wait]"));
        return at;
    }
}

public sealed class Approval_skipping_on_SQLite_and_memory(SqliteFactorHost host) : ApprovalSkippingTests(host), IClassFixture<SqliteFactorHost>;

[Thorough]
public sealed class Approval_skipping_on_PostgreSQL_and_Redis(PostgresFactorHost host) : ApprovalSkippingTests(host), IClassFixture<PostgresFactorHost>;
