using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Races;

/// <summary>I-2 and I-3: whatever is used once is used once, however many ask at the same moment and wherever.</summary>
public abstract class RaceTests(TestIdp idp)
{
    private readonly RelyingParty suite = idp.App(TestClient.Suite);

    private int NodeOf(int caller) => caller % idp.Ports.Count;

    [Fact]
    public async Task One_of_64_redeems_a_code_and_the_replay_takes_it_back()
    {
        using var browser = idp.Browser();
        var ask = suite.Ask("openid offline_access").With("prompt", "consent");
        var code = (await idp.SignInAsync(browser, ask, idp.Plain())).MustAnswer().Code;

        var answers = await Crowd.AtOnceAsync(caller => suite.RedeemAsync(code, ask, NodeOf(caller)));

        var won = Assert.Single(answers, answer => answer.Status == 200);
        Assert.All(answers.Where(answer => answer != won), answer => Assert.Equal((400, "invalid_grant"), (answer.Status, answer.Error)));
        await idp.UntilAllKnowAsync();
        for (var node = 0; node < idp.Ports.Count; node++)
        {
            Assert.Equal(401, (await suite.UserInfoAsync(won.AccessToken, node: node)).Status);
            Assert.Equal("invalid_grant", (await suite.RefreshAsync(won.RefreshToken, node)).Error);
        }
    }

    [Fact]
    public async Task Sixty_four_refreshes_of_one_token_give_one_successor()
    {
        using var browser = idp.Browser();
        var ask = suite.Ask("openid offline_access").With("prompt", "consent");
        var first = await suite.RedeemAsync((await idp.SignInAsync(browser, ask, idp.Plain())).MustAnswer(), ask);

        var answers = await Crowd.AtOnceAsync(caller => suite.RefreshAsync(first.RefreshToken, NodeOf(caller)));

        var won = answers.Where(answer => answer.Status == 200).ToList();
        Assert.NotEmpty(won);
        Assert.Single(won.Select(answer => answer.RefreshToken).Distinct());
        Assert.All(answers.Except(won), answer => Assert.Equal((400, "invalid_grant"), (answer.Status, answer.Error)));

        // The one lineage goes on: the successor is good, and after it the first token is a thief's.
        var third = (await suite.RefreshAsync(won[0].RefreshToken, NodeOf(1))).MustSucceed();
        await idp.ForwardAsync(TimeSpan.FromSeconds(11));
        Assert.Equal("invalid_grant", (await suite.RefreshAsync(first.RefreshToken)).Error);
        Assert.Equal("invalid_grant", (await suite.RefreshAsync(third.RefreshToken, NodeOf(1))).Error);
    }

    /// <summary>
    /// 64 sign-ins of one person, in browsers of their own, all with the same right code. Ten guesses in ten minutes are looked at, and a right one opens the
    /// counter again: who does not win was told that the code was used, or to wait.
    /// </summary>
    [Fact]
    public async Task One_OTP_step_lets_one_of_64_sign_ins_through()
    {
        var person = idp.WithOtp();
        var ask = idp.App(TestClient.Web).Ask();
        List<(Browser Browser, Stop At)> waiting = [];
        for (var n = 0; n < Crowd.Size; n++)
        {
            var browser = idp.Browser();
            var node = NodeOf(n);
            browser.Node = () => node;
            waiting.Add((browser, await browser.SubmitAsync(
                await browser.OpenAsync(ask.Url), new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in")));
        }

        Assert.All(waiting, sign => Assert.Equal("/verify", sign.At.At));
        var code = person.CodeAt(idp.Clock);
        var stops = await Crowd.AtOnceAsync(caller => waiting[caller].Browser.SubmitAsync(waiting[caller].At, new Dictionary<string, string> { ["code"] = code }, "/verify"));

        Assert.Single(stops, stop => stop.Answer?["code"] is not null);
        Assert.All(stops.Where(stop => stop.Answer is null), stop => Assert.True(IsRefusal(stop), stop.Describe()));
        for (var n = 0; n < Crowd.Size; n++)
        {
            // Nobody got half of it either: only the winner has a session.
            var silent = await waiting[n].Browser.OpenAsync(idp.App(TestClient.Calm).Ask().With("prompt", "none").Url);
            Assert.Equal(stops[n].Answer is not null, silent.MustAnswer()["code"] is not null);
            waiting[n].Browser.Dispose();
        }
    }

    // In a storm a store may be too slow; that is said in order, and gives nothing.
    private static bool IsRefusal(Stop stop) => (int)stop.Status == 503
        ? stop.Trail[^1].Head["Retry-After"] is not null
        : stop.At == "/verify" && stop.Page?.QuerySelector("[data-problem]")?.GetAttribute("data-problem") is "CodeUsed" or "TooManyTries";

    [Fact]
    public async Task The_same_verify_form_sent_64_times_gives_one_code()
    {
        var person = idp.WithOtp();
        var ask = idp.App(TestClient.Web).Ask();
        using var browser = idp.Browser();
        var at = await browser.OpenAsync(ask.Url);
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password });
        var code = person.CodeAt(idp.Clock);
        var sent = 0;
        browser.Node = () => NodeOf(Interlocked.Increment(ref sent));

        var stops = await Crowd.AtOnceAsync(_ => browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = code }, "/verify"));

        var codes = stops.Select(stop => stop.Answer?["code"]).OfType<string>().Distinct().ToList();
        Assert.True(codes.Count == 1, $"{codes.Count} codes; {string.Join('\n', stops.Select(stop => stop.Describe()).Distinct().Take(5))}");
        Assert.All(stops, stop => Assert.True((int)stop.Status < 500, stop.Describe()));
    }

    [Fact]
    public async Task One_of_64_uses_a_pushed_request()
    {
        using var browser = idp.Browser();
        var person = idp.Plain();
        await idp.SignInAsync(browser, suite.Ask(), person);
        var ask = suite.Ask();
        var requestUri = (await suite.PushAsync(ask)).MustSucceed()["request_uri"]!;
        var sent = 0;
        browser.Node = () => NodeOf(Interlocked.Increment(ref sent));

        var stops = await Crowd.AtOnceAsync(_ => browser.OpenAsync(ask.BehindHandle(requestUri)));

        await OneUsesItAsync(stops, ask);
        UsedBefore(await browser.OpenAsync(ask.BehindHandle(requestUri)));
    }

    /// <summary>A handle may be opened by many before anybody is through with it: only one of them gets to the end.</summary>
    [Fact]
    public async Task One_of_64_browsers_that_wait_behind_one_pushed_request_uses_it()
    {
        var ask = suite.Ask().With("prompt", "consent");
        var requestUri = (await suite.PushAsync(ask)).MustSucceed()["request_uri"]!;
        List<(Browser Browser, Stop At)> waiting = [];
        for (var n = 0; n < Crowd.Size; n++)
        {
            var (browser, person) = (idp.Browser(), idp.Plain());
            var node = NodeOf(n);
            browser.Node = () => node;
            waiting.Add((browser, await browser.SubmitAsync(
                await browser.OpenAsync(ask.BehindHandle(requestUri)), new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in")));
        }

        Assert.All(waiting, sign => Assert.Equal("/consent", sign.At.At));
        var stops = await Crowd.AtOnceAsync(caller => waiting[caller].Browser.SubmitAsync(waiting[caller].At, new Dictionary<string, string> { ["decision"] = "allow" }, "/consent"));

        await OneUsesItAsync(stops, ask);
        var code = stops.Single(stop => stop.Answer is not null).MustAnswer().Code;
        foreach (var (browser, at) in waiting)
        {
            // Whoever asks again is told the same again.
            var again = await browser.VisitAsync("/connect/continue" + at.Url.Query);
            Assert.True(again.Answer is null ? (int)again.Status == 400 : again.Answer["code"] == code, again.Describe());
            browser.Dispose();
        }
    }

    private async Task OneUsesItAsync(IReadOnlyList<Stop> stops, AuthorizationAsk ask)
    {
        var won = Assert.Single(stops, stop => stop.Answer is not null);
        Assert.All(stops.Where(stop => stop != won), UsedBefore);
        var code = won.MustAnswer().Code;
        (await suite.RedeemAsync(code, ask)).MustSucceed();
        Assert.Equal("invalid_grant", (await suite.RedeemAsync(code, ask)).Error);
    }

    /// <summary>RFC 9126 §4, RFC 9101 §7: said on a page, for whose answer it would be is not known any more.</summary>
    private static void UsedBefore(Stop stop) => Assert.True((stop.PersonError, (int)stop.Status) == ("invalid_request_uri", 400), stop.Describe());
}
