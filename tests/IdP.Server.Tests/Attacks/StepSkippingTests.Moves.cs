using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>How a row gets to its step, what each move sends there, and how the honest person goes on.</summary>
public abstract partial class StepSkippingTests
{
    private sealed record Scene(Browser Browser, Person Person, RelyingParty App, AuthorizationAsk Ask, Stop At, string Acr, string Amr) : IDisposable
    {
        public bool AsksForConsent => App.Client.Consent;

        public string Tx => At.Url.Query;

        public string Csrf => Browser.Fields(At.Form())["__csrf"];

        public void Dispose() => Browser.Dispose();
    }

    private async Task<Scene> ReachAsync(string step)
    {
        var browser = idp.Browser();
        var person = step switch
        {
            "bind" => await host.WhoMustBindAsync(),
            "bind on demand" => await host.WithNothingAsync(),
            _ => await host.WithOtpAsync(),
        };
        var app = idp.App(step switch
        {
            "otp" => TestClient.Web,
            "consent" => TestClient.Asking,
            "otp before consent" or "consent after otp" => StepHost.Careful,
            "step-up" or "bind on demand" => TestClient.Strict,
            "otp before bind on demand" => StepHost.Choosy,
            _ => TestClient.Calm,
        });
        if (step == "step-up")
            Assert.NotNull((await idp.SignInAsync(browser, idp.App(TestClient.Calm).Ask(), person)).Answer);
        var ask = app.Ask();
        var at = await browser.OpenAsync(ask.Url);
        if (step is not ("password" or "step-up"))
            at = await GiveAsync(browser, at, person);
        if (step == "consent after otp")
            at = await GiveAsync(browser, at, person);
        Assert.Equal(step switch { "password" => "/sign-in", "consent" or "consent after otp" => "/consent", "bind" or "bind on demand" => "/bind", _ => "/verify" }, at.At);
        // What is verified by the honest person, here or on the way here; nothing of it by a move.
        var (acr, amr) = step switch
        {
            "password" or "consent" => ("pwd", "pwd"),
            "otp before bind on demand" => ("mfa", "pwd otp mca mfa"),
            _ => ("mfa", "pwd otp mfa"),
        };
        return new Scene(browser, person, app, ask, at, acr, amr);
    }

    private async Task<Stop?> MakeAsync(string move, Scene scene)
    {
        var (browser, person, tx, csrf) = (scene.Browser, scene.Person, scene.Tx, scene.Csrf);
        using var other = idp.Browser();
        switch (move)
        {
            case "get /connect/continue twice":
                await browser.VisitAsync("/connect/continue" + tx);
                return await browser.VisitAsync("/connect/continue" + tx);
            case "second tab":
                return await browser.OpenAsync(scene.App.Ask().Url) is { Answer: null } page ? page : throw new InvalidOperationException("the second tab was answered");
            case "the same request again":
                return await browser.VisitAsync("/connect/continue" + (await browser.OpenAsync(scene.Ask.Url)).Url.Query);
            case "back and forth":
                foreach (var path in (string[])["/sign-in", "/verify", "/bind", "/consent", "/verify", "/sign-in"])
                    await browser.VisitAsync(path + tx);
                return await browser.VisitAsync("/connect/continue" + tx);
            case "silent":
                return await browser.OpenAsync(scene.App.Ask().With("prompt", "none").With("acr_values", "mfa").With("max_age", "0").Url);
            case "other browser continues":
                return await other.VisitAsync("/connect/continue" + tx);
            case "other browser verifies":
                // The right answer from the wrong browser, with that browser's own good CSRF token.
                return await AnswerAllAsync(other, tx, await TheirCsrfAsync(other), person);
            case "other browser cancels":
                return await other.PostAsync("/connect/cancel" + tx, [new("__csrf", await TheirCsrfAsync(other))]);
            case "all but the owner's cookie":
                // Once the password was typed somebody who knows the address and holds a copy of the browser's cookie must not go on with it.
                other.Cookies.Add(new Uri(idp.Issuer), browser.Cookies.GetCookies(new Uri(idp.Issuer))["idp.browser"]!);
                return await AnswerAllAsync(other, tx, csrf, person);
            case "no csrf":
                return await browser.PostAsync(scene.At.At + tx, Honest(scene.At, person));
            case "csrf of another browser":
                return await browser.PostAsync(scene.At.At + tx, [new("__csrf", await TheirCsrfAsync(other)), .. Honest(scene.At, person)]);
            case "from another site":
                return await browser.PostAsync(scene.At.At + tx, [new("__csrf", csrf), .. Honest(scene.At, person)], origin: "https://evil.example");
            case "cancel without csrf":
                return await browser.PostAsync("/connect/cancel" + tx, []);
        }

        var words = move.Split(' ');
        if (words[0] == "get")
            return await browser.VisitAsync(words[1] + tx);
        if (words[0] is "put" or "head")
        {
            using var request = new HttpRequestMessage(new HttpMethod(words[0]), idp.Issuer + words[1] + tx);
            request.Headers.TryAddWithoutValidation("Cookie", browser.Cookies.GetCookieHeader(scene.At.Url));
            Assert.InRange((await idp.SendAsync(request)).Status, 200, 499);
            return null;
        }

        return await browser.PostAsync(words[1] + tx, [new("__csrf", csrf), .. await FieldsAsync(words[2..], person)]);
    }

    private async Task<List<KeyValuePair<string, string>>> FieldsAsync(string[] words, Person person)
    {
        var stranger = words.Any(word => word.Contains("OTHER", StringComparison.Ordinal)) ? await host.WithOtpAsync() : null;
        return [.. words.Select(word => word.Split('=')).Select(pair => KeyValuePair.Create(pair[0], (pair[0], pair[1]) switch
        {
            (_, "ME") => person.UserName,
            (_, "OTHER") => stranger!.UserName,
            (_, "ANYONE") => "anyone",
            (_, "WRONG") => person.TotpSecret is null ? "123456" : person.WrongCodeAt(idp.Clock),
            (_, "OTHERS") => stranger!.CodeAt(idp.Clock),
            // Everybody's password here is the same.
            ("password", "RIGHT") => person.Password,
            ("code", "RIGHT") => person.TotpSecret is null ? "000000" : person.CodeAt(idp.Clock),
            (_, var value) => value,
        }))];
    }

    private async Task<string> TheirCsrfAsync(Browser other) => Browser.Fields((await other.OpenAsync(idp.App(TestClient.Calm).Ask().Url)).Form())["__csrf"];

    /// <summary>Every right answer after the password's; where one of them ended is handed back, if any did.</summary>
    private async Task<Stop> AnswerAllAsync(Browser browser, string tx, string csrf, Person person)
    {
        foreach (var (path, name, value) in ((string, string, string)[])
            [("/bind/choose", "factor", "totp"), ("/consent", "decision", "allow"), ("/verify", "code", person.TotpSecret is null ? "000000" : person.CodeAt(idp.Clock))])
        {
            var stop = await browser.PostAsync(path + tx, [new("__csrf", csrf), new(name, value)]);
            if (stop.Answer is not null)
                return stop;
        }

        return await browser.VisitAsync("/connect/continue" + tx);
    }

    /// <summary>What would be right here; tried without the proof that this page of ours sent it.</summary>
    private KeyValuePair<string, string>[] Honest(Stop at, Person person) => at.At switch
    {
        "/sign-in" => [new("userName", person.UserName), new("password", person.Password)],
        "/consent" => [new("decision", "allow")],
        "/bind" => [new("code", "000000"), new("factor", "totp")],
        _ => [new("code", person.CodeAt(idp.Clock))],
    };

    /// <summary>What the page asks for.</summary>
    private Task<Stop> GiveAsync(Browser browser, Stop at, Person person) =>
        browser.SubmitAsync(at, Honest(at, person).ToDictionary(), at.At);

    private async Task<Stop> FinishAsync(Stop at, Scene scene)
    {
        var (browser, person) = (scene.Browser, scene.Person);
        if (scene.AsksForConsent)
        {
            while (at.At is "/sign-in" or "/verify" && await GiveAsync(browser, at, person) is var next && next.At != at.At)
                at = next;
            Assert.True(at.At == "/consent", $"nobody was asked for their word: {at.Describe()}");
        }

        if (scene.App.Client == StepHost.Choosy)
            return await BindAddressAsync(scene, at.At == "/bind" ? at : await GiveAsync(browser, at.At == "/sign-in" ? await GiveAsync(browser, at, person) : at, person));
        if (at.At != "/bind")
            return await idp.PassAsync(browser, at, person);
        if (at.Page!.QuerySelector("#key") is null)
            at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = "totp" }, "/bind/choose");
        var key = at.Page!.QuerySelector("#key")!.TextContent.Replace(" ", "", StringComparison.Ordinal);
        return await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = Otp.CodeAt(key, idp.Clock.GetUtcNow()) }, "/bind");
    }

    private async Task<Stop> BindAddressAsync(Scene scene, Stop at)
    {
        var mailbox = scene.Person.UserName + "@elsewhere.example";
        Assert.True(at.At == "/bind", $"nobody was asked to bind: {at.Describe()}");
        at = await scene.Browser.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = "email" }, "/bind/choose");
        at = await scene.Browser.SubmitAsync(at, new Dictionary<string, string> { ["said"] = mailbox }, "/bind/choose");
        return await scene.Browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = await FactorPerson.MailedToAsync(idp, mailbox) }, "/bind");
    }
}
