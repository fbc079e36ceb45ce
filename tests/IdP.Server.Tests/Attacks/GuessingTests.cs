using IdP.Server.Tests.Races;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>I-6: five hundred guesses at once, over two nodes and a hundred browsers, count as five hundred and ten of them are looked at; a restart and an emptied Redis forgive nothing.</summary>
public sealed class GuessingTests
{
    /// <summary>In ten minutes, for one account and factor.</summary>
    private const int MostGuesses = 10;

    public static TheoryData<StorePair, int> Hosts => new() { { StorePair.SqliteAndMemory, 1 }, { StorePair.PostgresAndRedis, 2 } };

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task Five_hundred_wrong_codes_at_once_close_the_factor(StorePair pair, int nodes)
    {
        await using var idp = await TestIdp.StartAsync(pair, new TestIdpOptions { Nodes = nodes, Seed = new Seed(otpPeople: 2) });
        var person = idp.WithOtp();
        List<(Browser Browser, Stop At)> waiting = [];
        for (var n = 0; n < 101; n++)
        {
            var browser = idp.Browser();
            var node = n % nodes;
            browser.Node = () => node;
            var at = await browser.SubmitAsync(await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url), new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
            Assert.Equal("/verify", at.At);
            waiting.Add((browser, at));
        }

        var wrong = person.WrongCodeAt(idp.Clock);
        var stops = await Crowd.AtOnceAsync(
            caller => waiting[caller / 5].Browser.SubmitAsync(waiting[caller / 5].At, new Dictionary<string, string> { ["code"] = wrong }, "/verify"), size: 500);
        // In a storm a store may be too slow; then it is refused in order, and whatever was refused was no guess.
        Assert.All(stops, stop => Assert.True(stop.Answer is null && ((int)stop.Status < 500 || ((int)stop.Status == 503 && stop.Trail[^1].Head["Retry-After"] is not null)), stop.Describe()));
        Assert.InRange(stops.Count(stop => Problem(stop) == "WrongCode"), 1, MostGuesses);

        await RefusedAsync(idp, waiting[100].Browser, waiting[100].At, person);
        await idp.LoseEphemeralAsync();
        using var fresh = idp.Browser();
        var again = await fresh.SubmitAsync(await fresh.OpenAsync(idp.App(TestClient.Web).Ask().Url), new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        await RefusedAsync(idp, fresh, again, person);

        // Ten quiet minutes later the owner gets in: closed, not lost.
        await idp.ForwardAsync(TimeSpan.FromMinutes(11));
        using var owner = idp.Browser();
        Assert.NotNull((await idp.SignInAsync(owner, idp.App(TestClient.Web).Ask(), person)).Answer?["code"]);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task Five_hundred_wrong_passwords_at_once_close_the_account_in_every_spelling(StorePair pair, int nodes)
    {
        await using var idp = await TestIdp.StartAsync(pair, new TestIdpOptions { Nodes = nodes, Seed = new Seed(otpPeople: 2) });
        var person = idp.Plain();
        string[] spellings = [person.UserName, person.UserName.ToUpperInvariant(), " " + person.UserName, "ｐ" + person.UserName[1..]];
        List<(Browser Browser, Stop At)> waiting = [];
        for (var n = 0; n < 100; n++)
        {
            var browser = idp.Browser();
            var node = n % nodes;
            browser.Node = () => node;
            waiting.Add((browser, await browser.OpenAsync(idp.App(TestClient.Calm).Ask().Url)));
        }

        var stops = await Crowd.AtOnceAsync(
            caller => waiting[caller / 5].Browser.SubmitAsync(waiting[caller / 5].At, new Dictionary<string, string> { ["userName"] = spellings[caller % 4], ["password"] = $"wrong-password-{caller}" }, "/sign-in"), size: 500);
        Assert.All(stops, stop => Assert.Null(stop.Answer));
        Assert.DoesNotContain(stops, stop => (int)stop.Status >= 500 && (int)stop.Status != 503);
        var lookedAt = stops.Count(stop => Problem(stop) == "WrongPassword");
        // In a storm most find the account's hashes taken: they are refused unseen, which is no guess but counts against their address.
        // One by one, from an address that is not banned, each is a guess.
        await idp.LoseEphemeralAsync();
        for (var more = 0; more < 40 && lookedAt < MostGuesses; more++)
        {
            var stop = await waiting[more].Browser.SubmitAsync(
                waiting[more].At, new Dictionary<string, string> { ["userName"] = spellings[0], ["password"] = "wrong-again" }, "/sign-in");
            lookedAt += Problem(stop) == "WrongPassword" ? 1 : 0;
        }

        Assert.InRange(lookedAt, 1, MostGuesses);
        foreach (var spelling in spellings)
            await ClosedAsync(idp, person with { UserName = spelling });
        await idp.LoseEphemeralAsync();
        await ClosedAsync(idp, person);
    }

    private static string? Problem(Stop stop) => stop.Page?.QuerySelector("[data-problem]")?.GetAttribute("data-problem");

    private static async Task ClosedAsync(TestIdp idp, Person person)
    {
        using var browser = idp.Browser();
        var stop = await idp.SignInAsync(browser, idp.App(TestClient.Calm).Ask(), person);
        Assert.True(stop.Answer is null, "the right password was taken after five hundred wrong ones");
    }

    private static async Task RefusedAsync(TestIdp idp, Browser browser, Stop at, Person person)
    {
        var stop = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = person.CodeAt(idp.Clock) }, "/verify");
        Assert.True(stop.Answer is null, "the right code was taken after five hundred wrong ones");
    }
}
