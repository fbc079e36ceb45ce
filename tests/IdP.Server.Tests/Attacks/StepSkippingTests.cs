using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>
/// Every step × everything a browser can send there: nothing advances that was not verified. After each move the half-done sign-in is
/// good for nothing, and (which shows that the move was really made on a live one) the honest person can still finish it.
/// </summary>
public abstract class StepSkippingTests(TestIdp idp)
{
    private static readonly string[] Steps = ["password", "otp", "consent", "step-up"];

    private static readonly string[] Moves =
    [
        "get /connect/continue", "get /sign-in", "get /verify", "get /consent", "get /connect/continue twice",
        "post /sign-in", "post /sign-in userName=ANYONE", "post /sign-in userName=ME password=", "post /sign-in userName=ME password=wrong",
        "post /verify", "post /verify code=", "post /verify code=000", "post /verify code=WRONG", "post /verify code=１２３４５６",
        "post /verify/other", "post /verify/other factor=totp", "post /verify/other factor=none", "post /verify/other factor=",
        "post /consent", "post /consent decision=", "post /consent decision=perhaps", "post /connect/continue",
        "put /verify", "head /connect/continue",
        "second tab", "silent", "other browser continues", "other browser verifies", "all but the owner's cookie", "no csrf", "csrf of another browser", "from another site",
    ];

    public static TheoryData<string, string> Table
    {
        get
        {
            var table = new TheoryData<string, string>();
            foreach (var step in Steps)
            {
                foreach (var move in Moves)
                    table.Add(step, move);
            }

            return table;
        }
    }

    [Theory]
    [MemberData(nameof(Table))]
    public async Task Nothing_advances_that_was_not_verified(string step, string move)
    {
        ArgumentNullException.ThrowIfNull(move);
        using var browser = idp.Browser();
        var person = step is "otp" or "step-up" ? idp.WithOtp() : idp.Plain();
        var client = step switch { "otp" => TestClient.Web, "consent" => TestClient.Asking, "step-up" => TestClient.Strict, _ => TestClient.Calm };
        // People are few and their consent is remembered: here it is asked for again.
        var ask = idp.App(client).Ask().With("prompt", step == "consent" ? "consent" : null);
        var at = await ReachAsync(step, browser, ask, person);

        var result = await MakeAsync(move, browser, at, person, ask);
        Assert.True(result?.Answer?["code"] is null, $"{move} at {step} gave a code");
        Assert.True(result is null || (int)result.Status < 500, result?.Describe());

        var silent = idp.App(client).Ask().With("prompt", "none");
        var asked = await browser.OpenAsync(silent.Url);
        Assert.True(asked.MustAnswer()["code"] is null, $"{move} at {step} made a session");

        var done = await idp.PassAsync(browser, await browser.VisitAsync("/connect/continue" + at.Url.Query), person);
        Assert.True(done.Answer?["code"] is not null, $"after {move} at {step} the honest person is stuck: {done.Describe()}");
    }

    private async Task<Stop> ReachAsync(string step, Browser browser, AuthorizationAsk ask, Person person)
    {
        if (step == "step-up")
            Assert.NotNull((await idp.SignInAsync(browser, idp.App(TestClient.Calm).Ask(), person)).Answer);
        var at = await browser.OpenAsync(ask.Url);
        if (step is "otp" or "consent")
            at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        Assert.Equal(step switch { "password" => "/sign-in", "consent" => "/consent", _ => "/verify" }, at.At);
        return at;
    }

    private async Task<Stop?> MakeAsync(string move, Browser browser, Stop at, Person person, AuthorizationAsk ask)
    {
        var tx = at.Url.Query;
        var csrf = Browser.Fields(at.Form())["__csrf"];
        using var other = idp.Browser();
        switch (move)
        {
            case "get /connect/continue twice":
                await browser.VisitAsync("/connect/continue" + tx);
                return await browser.VisitAsync("/connect/continue" + tx);
            case "second tab":
                return await browser.OpenAsync(idp.App(ask.Client).Ask().Url) is { Answer: null } page ? page : throw new InvalidOperationException("the second tab was answered");
            case "silent":
                return await browser.OpenAsync(idp.App(ask.Client).Ask().With("prompt", "none").With("acr_values", "mfa").With("max_age", "0").Url);
            case "other browser continues":
                return await other.VisitAsync("/connect/continue" + tx);
            case "other browser verifies":
                // The right answer from the wrong browser, with that browser's own good CSRF token.
                var theirs = Browser.Fields((await other.OpenAsync(idp.App(TestClient.Calm).Ask().Url)).Form())["__csrf"];
                return await AnswerAllAsync(other, tx, theirs, person);
            case "all but the owner's cookie":
                // Once the password was typed somebody who knows the address and holds a copy of the browser's cookie must not go on with it.
                other.Cookies.Add(new Uri(idp.Issuer), browser.Cookies.GetCookies(new Uri(idp.Issuer))["idp.browser"]!);
                return await AnswerAllAsync(other, tx, csrf, person);
            case "no csrf":
                return await browser.PostAsync(at.At + tx, Honest(at, person));
            case "csrf of another browser":
                return await browser.PostAsync(at.At + tx, [new("__csrf", Browser.Fields((await other.OpenAsync(ask.Url)).Form())["__csrf"]), .. Honest(at, person)]);
            case "from another site":
                return await browser.PostAsync(at.At + tx, [new("__csrf", csrf), .. Honest(at, person)], origin: "https://evil.example");
        }

        var words = move.Split(' ');
        if (words[0] == "get")
            return await browser.VisitAsync(words[1] + tx);
        if (words[0] is "put" or "head")
        {
            using var request = new HttpRequestMessage(new HttpMethod(words[0]), idp.Issuer + words[1] + tx);
            request.Headers.TryAddWithoutValidation("Cookie", browser.Cookies.GetCookieHeader(at.Url));
            Assert.InRange((await idp.SendAsync(request)).Status, 200, 499);
            return null;
        }

        // Giving consent where consent is asked is no skipped step.
        return await browser.PostAsync(words[1] + tx, [new("__csrf", csrf), .. words[2..].Select(word => word.Split('=')).Select(pair => KeyValuePair.Create(pair[0], pair[1] switch
        {
            "ME" => person.UserName,
            "ANYONE" => "anyone",
            "WRONG" => person.TotpSecret is null ? "123456" : person.WrongCodeAt(idp.Clock),
            var value => value,
        }))]);
    }

    /// <summary>Every right answer after the password's; where one of them ended is handed back, if any did.</summary>
    private async Task<Stop> AnswerAllAsync(Browser browser, string tx, string csrf, Person person)
    {
        var consented = await browser.PostAsync("/consent" + tx, [new("__csrf", csrf), new("decision", "allow")]);
        return consented.Answer is not null
            ? consented
            : await browser.PostAsync("/verify" + tx, [new("__csrf", csrf), new("code", person.TotpSecret is null ? "000000" : person.CodeAt(idp.Clock))]);
    }

    /// <summary>What would be right here; tried without the proof that this page of ours sent it.</summary>
    private KeyValuePair<string, string>[] Honest(Stop at, Person person) => at.At switch
    {
        "/sign-in" => [new("userName", person.UserName), new("password", person.Password)],
        "/consent" => [new("decision", "allow")],
        _ => [new("code", person.CodeAt(idp.Clock))],
    };
}

public sealed class StepSkipping_on_SQLite_and_memory(SqliteAttackHost host) : StepSkippingTests(host.Idp), IClassFixture<SqliteAttackHost>;

public sealed class StepSkipping_on_PostgreSQL_and_Redis(PostgresAttackHost host) : StepSkippingTests(host.Idp), IClassFixture<PostgresAttackHost>;
