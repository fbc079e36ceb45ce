using System.Globalization;
using IdP.Server.Tests.Races;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Faults;

/// <summary>
/// I-6 in one life of a cluster: two processes on PostgreSQL and Redis are guessed at five hundred times at once, one is killed with -9, Redis is emptied. Ten
/// guesses are looked at and no more before their ten minutes are over, and whoever holds a trusted device is let in all the while.
/// </summary>
public sealed class GuessKillTests
{
    private const int Nodes = 2;
    private const int Guesses = 500;
    /// <summary>In ten minutes, for one account and factor.</summary>
    private const int MostGuesses = 10;

    [Fact]
    public async Task Five_hundred_guesses_a_kill_and_an_emptied_Redis_open_nothing_and_keep_no_trusted_owner_out()
    {
        await using var idp = await TestIdp.StartAsync(StorePair.PostgresAndRedis, new TestIdpOptions
        {
            Nodes = Nodes,
            OwnProcess = true,
            Seed = new Seed(otpPeople: 2, plainPeople: 0),
            // Every guesser has an address of their own: what counts is the account.
            Settings = new Dictionary<string, string> { ["Proxies:Known:0"] = "127.0.0.1" },
        });
        var (byCode, byPassword) = (idp.WithOtp(), idp.WithOtp());
        using var ownerOfCode = await TrustedAsync(idp, byCode);
        using var ownerOfPassword = await TrustedAsync(idp, byPassword);

        await GuessCodesAsync(idp, byCode);
        await GuessPasswordsAsync(idp, byPassword);
        await RefusedAsync(idp, byCode, byPassword);
        await idp.KillAsync(1);
        await idp.EmptyRedisAsync();
        await idp.RestartAsync(1);
        await RefusedAsync(idp, byCode, byPassword);

        for (var node = 0; node < Nodes; node++)
        {
            await SparedAsync(idp, ownerOfCode, byCode, node);
            await SparedAsync(idp, ownerOfPassword, byPassword, node);
        }

        // The factor itself as well: the device's own tries are there.
        var stepUp = await ownerOfCode.OpenAsync(idp.App(TestClient.Web).Ask().With("acr_values", "mfa").Url);
        Assert.NotNull((await ownerOfCode.SubmitAsync(stepUp, Code(NextCode(idp, byCode)), "/verify")).Answer?["code"]);

        // Both nodes once more, with a clock to push: closed until the time, and not lost.
        for (var node = 0; node < Nodes; node++)
        {
            await idp.KillAsync(node);
            await idp.ReturnHereAsync(node);
        }

        await idp.ForwardAsync(TimeSpan.FromMinutes(6));
        await RefusedAsync(idp, byCode, byPassword);
        await idp.ForwardAsync(TimeSpan.FromMinutes(5));
        foreach (var person in (Person[])[byCode, byPassword])
        {
            using var browser = idp.Browser();
            Assert.NotNull((await idp.SignInAsync(browser, idp.App(TestClient.Web).Ask(), person)).Answer?["code"]);
        }
    }

    private static async Task GuessCodesAsync(TestIdp idp, Person person)
    {
        List<(Browser Browser, Stop At)> waiting = [];
        foreach (var some in Enumerable.Range(0, Guesses / 5).Chunk(3))
            waiting.AddRange(await Task.WhenAll(some.Select(async guesser =>
            {
                var browser = Guesser(idp, guesser);
                var at = await PasswordAsync(idp, browser, person);
                Assert.Equal("/verify", at.At);
                return (browser, at);
            })));

        var wrong = Code(person.WrongCodeAt(idp.Clock));
        await GuessAsync("WrongCode", waiting, (guesser, _) => guesser.Browser.SubmitAsync(guesser.At, wrong, "/verify"));
    }

    private static async Task GuessPasswordsAsync(TestIdp idp, Person person)
    {
        var waiting = await Task.WhenAll(Enumerable.Range(0, Guesses / 5).Select(async guesser =>
        {
            var browser = Guesser(idp, guesser);
            return (browser, await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url));
        }));
        await GuessAsync("WrongPassword", waiting, (guesser, n) =>
            guesser.Browser.SubmitAsync(guesser.At, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = $"wrong-password-{n}" }, "/sign-in"));
    }

    private static async Task GuessAsync(string looked, IReadOnlyList<(Browser Browser, Stop At)> waiting, Func<(Browser Browser, Stop At), int, Task<Stop>> guess)
    {
        var stops = await Crowd.AtOnceAsync(n => guess(waiting[n % waiting.Count], n), Guesses);
        // In a storm a store may be too slow; then it is refused in order, and whatever was refused was no guess.
        Assert.All(stops, stop => Assert.True(stop.Answer is null && ((int)stop.Status < 500 || ((int)stop.Status == 503 && stop.Trail[^1].Head["Retry-After"] is not null)), stop.Describe()));
        var lookedAt = stops.Count(stop => Problem(stop) == looked);
        // In a storm most passwords find the account's hashes taken: they are refused unseen, which is no guess. One by one, each is one.
        for (var more = 0; more < 40 && lookedAt < MostGuesses; more++)
            lookedAt += Problem(await guess(waiting[more], more)) == looked ? 1 : 0;
        Assert.InRange(lookedAt, 1, MostGuesses);
        foreach (var (browser, _) in waiting)
            browser.Dispose();
    }

    /// <summary>What is right is refused on either node, and by the limit.</summary>
    private static async Task RefusedAsync(TestIdp idp, Person byCode, Person byPassword)
    {
        for (var node = 0; node < Nodes; node++)
        {
            using var stranger = Guesser(idp, node);
            var at = await PasswordAsync(idp, stranger, byCode);
            Assert.Equal("/verify", at.At);
            Assert.Equal("TooManyTries", Problem(await stranger.SubmitAsync(at, Code(NextCode(idp, byCode)), "/verify")));
            Assert.Equal("TooManyTries", Problem(await PasswordAsync(idp, stranger, byPassword)));
        }
    }

    private static async Task<Browser> TrustedAsync(TestIdp idp, Person person)
    {
        var browser = idp.Browser();
        var at = await PasswordAsync(idp, browser, person);
        Assert.NotNull((await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = person.CodeAt(idp.Clock), ["trust"] = "yes" }, "/verify")).Answer?["code"]);
        return browser;
    }

    private static async Task SparedAsync(TestIdp idp, Browser owner, Person person, int node)
    {
        owner.Forget("idp.session");
        owner.Node = () => node;
        Assert.NotNull((await PasswordAsync(idp, owner, person)).Answer?["code"]);
    }

    private static async Task<Stop> PasswordAsync(TestIdp idp, Browser browser, Person person) => await browser.SubmitAsync(
        await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url), new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");

    private static Browser Guesser(TestIdp idp, int number)
    {
        var browser = idp.Browser();
        browser.Address = string.Create(CultureInfo.InvariantCulture, $"198.51.100.{number}");
        browser.Node = () => number % Nodes;
        return browser;
    }

    private static Dictionary<string, string> Code(string code) => new() { ["code"] = code };

    /// <summary>Good, whether or not the one that gave trust was half a minute ago: no step that was used.</summary>
    private static string NextCode(TestIdp idp, Person person) => Otp.CodeAt(person.TotpSecret!, idp.Clock.GetUtcNow().AddSeconds(30));

    private static string? Problem(Stop stop) => stop.Page?.QuerySelector("[data-problem]")?.GetAttribute("data-problem");
}
