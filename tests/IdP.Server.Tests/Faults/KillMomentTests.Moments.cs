using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Faults;

/// <summary>When the kills land, and what is looked at afterwards.</summary>
public abstract partial class KillMomentTests
{
    private const string NewPassword = "an entirely new password";

    private static readonly int Moments = Environment.GetEnvironmentVariable("IDP_TESTS") == "all" ? 20 : 3;

    /// <summary>One for each scene and each measured request: nobody's consent, step or password was ever touched before.</summary>
    internal static Seed People => new(otpPeople: (5 * Scenes) + 1, plainPeople: Scenes);

    private static int Scenes => Moments + KillMoments.MostFurther + 1;

    private sealed record Scene(Browser Browser, Person Person, Stop At, AuthorizationAsk Ask, string Code = "");

    /// <param name="check">Looks at what came of it; whether the change had been durable when the kill landed.</param>
    private async Task EachMomentAsync<T>(Func<Task<Scene>> prepare, Func<Scene, Task<T>> act, Func<Scene, T?, Task<bool>> check) where T : class
    {
        var moments = new KillMoments(idp, Moments);
        var usual = await MeasureAsync(prepare, act);
        while (moments.GoesOn)
        {
            var scene = await prepare();
            var seen = await moments.KillDuringAsync(usual, () => act(scene));
            moments.Note(await check(scene, seen), seen is not null);
            scene.Browser.Dispose();
        }

        moments.MustHaveSeenBoth();
    }

    /// <summary>How long the request takes a server that has just been started, as it has been before every kill.</summary>
    private async Task<TimeSpan> MeasureAsync<T>(Func<Task<Scene>> prepare, Func<Scene, Task<T>> act)
    {
        await idp.CrashAsync();
        var scene = await prepare();
        var watch = Stopwatch.StartNew();
        await act(scene);
        scene.Browser.Dispose();
        return watch.Elapsed;
    }

    /// <summary>A row of this person's, before anything else is asked of the server.</summary>
    private Task<bool> HasAsync(Scene scene, string rows) => idp.StoredAsync(
        $"select 1 from {rows} user_id = (select id from users where user_name = @name)", _ => true, ("@name", scene.Person.UserName));

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
