using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>A hundred wrong answers in ten minutes close an address, whoever's they were; right ones do not count, and a trusted device behind it goes on.</summary>
public sealed class AddressTests
{
    private const int Most = 100;
    private const int PerPerson = 10;

    [Fact]
    public async Task Wrong_codes_from_one_address_close_it_for_everybody_but_trusted_devices()
    {
        await using var idp = await TestIdp.StartAsync(StorePair.SqliteAndMemory, new TestIdpOptions
        {
            Seed = new Seed(otpPeople: (Most / PerPerson) + 2, plainPeople: 0),
            Settings = new Dictionary<string, string> { ["Proxies:Known:0"] = "127.0.0.1" },
        });
        // What is counted together begins with ten minutes of the clock.
        idp.Clock.Forward(TimeSpan.FromSeconds(600 - (idp.Clock.GetUtcNow().ToUnixTimeSeconds() % 600)));
        var (owner, victim) = (idp.WithOtp(), idp.WithOtp());
        using var trusted = From(idp, "198.51.100.1");
        await trusted.SubmitAsync(await PasswordAsync(idp, trusted, owner), new Dictionary<string, string> { ["code"] = owner.CodeAt(idp.Clock), ["trust"] = "yes" }, "/verify");
        using var behind = From(idp, "198.51.100.1");
        var waiting = await PasswordAsync(idp, behind, victim);

        for (var guesses = 0; guesses < Most; guesses += PerPerson)
            await GuessAsync(idp, idp.WithOtp());

        Assert.Equal("TooManyTries", Problem(await behind.SubmitAsync(waiting, Code(victim.CodeAt(idp.Clock)), "/verify")));
        idp.Clock.Forward(TimeSpan.FromSeconds(30));
        var confirm = await trusted.VisitAsync("/account/confirm?action=password&with=totp");
        Assert.Equal("/account/password", (await trusted.SubmitAsync(confirm, Code(owner.CodeAt(idp.Clock)), "/account/confirm")).At);
        using var elsewhere = From(idp, "198.51.100.2");
        Assert.NotNull((await elsewhere.SubmitAsync(await PasswordAsync(idp, elsewhere, victim), Code(victim.CodeAt(idp.Clock)), "/verify")).MustAnswer()["code"]);
    }

    /// <summary>As many as are looked at, five to a question.</summary>
    private static async Task GuessAsync(TestIdp idp, Person person)
    {
        for (var question = 0; question < 2; question++)
        {
            using var guesser = From(idp, "198.51.100.1");
            var at = await PasswordAsync(idp, guesser, person);
            for (var guess = 0; guess < PerPerson / 2; guess++)
            {
                at = await guesser.SubmitAsync(at, Code(person.WrongCodeAt(idp.Clock)), "/verify");
                Assert.Equal("WrongCode", Problem(at));
            }
        }
    }

    private static Browser From(TestIdp idp, string address)
    {
        var browser = idp.Browser();
        browser.Address = address;
        return browser;
    }

    private static async Task<Stop> PasswordAsync(TestIdp idp, Browser browser, Person person)
    {
        var at = await browser.SubmitAsync(
            await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url), new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        Assert.Equal("/verify", at.At);
        return at;
    }

    private static string? Problem(Stop at) => at.Page?.QuerySelector("[data-problem]")?.GetAttribute("data-problem");

    private static Dictionary<string, string> Code(string code) => new() { ["code"] = code };
}
