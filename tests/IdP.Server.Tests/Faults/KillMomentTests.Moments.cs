using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Faults;

/// <summary>When the kills land, and what is looked at afterwards.</summary>
public abstract partial class KillMomentTests
{
    private const int Rehearsals = 2;
    private const string NewPassword = "an entirely new password";

    private static readonly int Moments = Environment.GetEnvironmentVariable("IDP_TESTS") == "all" ? 20 : 3;

    /// <summary>One apiece, the rehearsals' included: nobody's consent, step or password was ever touched before.</summary>
    internal static Seed People => new(otpPeople: (5 * (Moments + Rehearsals)) + 1, plainPeople: Moments + Rehearsals);

    private sealed record Scene(Browser Browser, Person Person, Stop At, AuthorizationAsk Ask, string Code = "");

    private async Task EachMomentAsync<T>(Func<Task<Scene>> prepare, Func<Scene, Task<T>> act, Func<Scene, T?, Task> check) where T : class
    {
        var usual = TimeSpan.Zero;
        for (var rehearsal = 0; rehearsal < Rehearsals; rehearsal++)
        {
            var scene = await prepare();
            var watch = Stopwatch.StartNew();
            await act(scene);
            // The last one counts: the first request of its kind takes much longer.
            usual = watch.Elapsed;
            scene.Browser.Dispose();
        }

        for (var moment = 0; moment < Moments; moment++)
        {
            var scene = await prepare();
            var going = Cut.TryAsync(() => act(scene));
            await Task.Delay(usual * ((moment + 0.5) / Moments));
            await idp.CrashAsync();
            await check(scene, await going);
            scene.Browser.Dispose();
        }
    }

    private async Task<Scene> OpenAsync(AuthorizationAsk ask, Person person)
    {
        var browser = idp.Browser();
        return new Scene(browser, person, await browser.OpenAsync(ask.Url), ask);
    }

    private async Task<Scene> ToVerifyAsync(Person person)
    {
        var scene = await OpenAsync(web.Ask(), person);
        var at = await scene.Browser.SubmitAsync(scene.At, PasswordOf(person), "/sign-in");
        Assert.Equal("/verify", at.At);
        return scene with { At = at };
    }

    private async Task<bool> SignsInAsync(Person person)
    {
        using var browser = idp.Browser();
        return (await idp.SignInAsync(browser, calm.Ask(), person)).Answer is not null;
    }

    /// <summary>I-4: what was answered to the app is a session in this browser.</summary>
    private static async Task HasSessionAsync(Browser browser, RelyingParty app) =>
        Assert.NotNull((await browser.OpenAsync(app.Ask().With("prompt", "none").Url)).MustAnswer()["code"]);

    /// <summary>I-2. In memory the code itself may be lost.</summary>
    private static async Task GoodOnceAsync(RelyingParty app, Dictionary<string, AuthorizationAsk> codes)
    {
        foreach (var (code, ask) in codes)
        {
            var first = await app.RedeemAsync(code, ask);
            Assert.True(first.Status == 200 || first.Error == "invalid_grant", first.Body);
            Assert.Equal("invalid_grant", (await app.RedeemAsync(code, ask)).Error);
        }
    }

    private static void Keep(Dictionary<string, AuthorizationAsk> codes, Stop? stop, AuthorizationAsk ask)
    {
        Assert.True(stop is null || (int)stop.Status < 500, stop?.Describe());
        if (stop?.Answer?["code"] is { } code)
            codes[code] = ask;
    }

    private static bool WasAnswered(Browser browser, string path) =>
        browser.Trail.Any(hop => hop is { Method: "POST", Status: HttpStatusCode.SeeOther } && hop.Url.AbsolutePath == path);

    private static Dictionary<string, string> PasswordOf(Person person) => new() { ["userName"] = person.UserName, ["password"] = person.Password };

    private static Dictionary<string, string> Code(Scene scene) => new() { ["code"] = scene.Code };

    [GeneratedRegex(@"ES256: (\S+) is published")]
    private static partial Regex NewKey();
}
