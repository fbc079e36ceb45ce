using IdP.Server.Accounts;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>
/// Every step × everything a browser can send there, the right answers of every other step included: nothing advances that was not verified. After each move the
/// half-done sign-in is good for nothing, and at the end the honest person can still finish it, which shows that the moves were made on a live one.
/// </summary>
public abstract partial class StepSkippingTests(StepHost host)
{
    private static readonly string[] Steps = ["password", "otp", "consent", "otp before consent", "consent after otp", "step-up", "bind", "bind on demand", "otp before bind on demand"];

    private static readonly string[] Moves =
    [
        "get /connect/continue", "get /sign-in", "get /verify", "get /consent", "get /bind", "get /connect/cancel", "get /connect/continue twice",
        "post /sign-in", "post /sign-in userName=ANYONE", "post /sign-in userName=ME password=", "post /sign-in userName=ME password=wrong",
        "post /sign-in userName=ME password=RIGHT", "post /sign-in userName=OTHER password=RIGHT",
        "post /verify", "post /verify code=", "post /verify code=000", "post /verify code=WRONG", "post /verify code=１２３４５６", "post /verify code=RIGHT", "post /verify code=OTHERS",
        "post /verify/other", "post /verify/other factor=totp", "post /verify/other factor=none", "post /verify/other factor=", "post /verify/again", "post /verify/nothing",
        "post /consent", "post /consent decision=", "post /consent decision=perhaps", "post /consent decision=allow", "post /consent decision=deny", "post /connect/continue",
        "post /bind", "post /bind code=RIGHT", "post /bind code=OTHERS", "post /bind/choose", "post /bind/choose factor=totp", "post /bind/choose factor=none", "post /bind/again", "post /bind/other", "post /bind/skip",
        "put /verify", "head /connect/continue",
        "second tab", "the same request again", "back and forth", "silent", "other browser continues", "other browser verifies", "other browser cancels", "all but the owner's cookie",
        "no csrf", "csrf of another browser", "from another site", "cancel without csrf",
    ];

    private static readonly string[] AtBinding = ["/bind", "/verify", "/connect/continue", "/sign-in userName=ME", "silent", "other browser", "owner's cookie"];

    /// <summary>What is the step's own right answer skips nothing there.</summary>
    private static readonly Dictionary<string, string[]> Own = new()
    {
        ["password"] = ["post /sign-in userName=ME password=RIGHT", "post /sign-in userName=OTHER password=RIGHT"],
        ["otp"] = ["post /verify code=RIGHT"],
        ["consent"] = ["post /consent decision=allow", "post /consent decision=deny"],
        ["otp before consent"] = ["post /verify code=RIGHT"],
        ["consent after otp"] = ["post /consent decision=allow", "post /consent decision=deny"],
        ["step-up"] = ["post /verify code=RIGHT"],
        ["bind"] = [],
        ["bind on demand"] = [],
        ["otp before bind on demand"] = ["post /verify code=RIGHT"],
    };

    /// <summary>Where a sign-in can stand, the furthest last.</summary>
    private static string[] OrderAt(string step) =>
        step == "otp before bind on demand" ? ["/sign-in", "/verify", "/bind", "/consent"] : ["/sign-in", "/bind", "/verify", "/consent"];

    /// <summary>Declining to bind leaves the app's demand unmet; everything else that is cancelled is the person's refusal.</summary>
    private static string CancelledAt(string step) => step == "bind on demand" ? "unmet_authentication_requirements" : "access_denied";

    private readonly TestIdp idp = host.Idp;

    /// <summary>Where a sign-in can be.</summary>
    public static TheoryData<string> AllSteps => [.. Steps];

    /// <summary>Moves with a scene of their own: they spend a guess, or use a right answer in the wrong browser.</summary>
    public static TheoryData<string, string> Table
    {
        get
        {
            var table = new TheoryData<string, string>();
            foreach (var step in Steps)
            {
                // Where binding is demanded by an app instead of a policy, what could get round the binding and the proof before it.
                foreach (var move in MovesAt(step).Where(NeedsItsOwnScene).Where(move => !step.EndsWith("on demand", StringComparison.Ordinal) || AtBinding.Any(move.Contains)))
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
        using var scene = await ReachAsync(step);
        await AdvancesNothingAsync(scene, step, move);
        await CanBeFinishedAsync(scene, $"after {move} at {step}");
        // A right code where none was asked for was not even looked at.
        if (move == "post /verify code=RIGHT" && scene.Person.TotpSecret is not null)
            Assert.NotNull((await idp.SignInAsync(scene.Browser, idp.App(TestClient.Strict).Ask(), scene.Person)).Answer?["code"]);
    }

    /// <summary>Moves that change nothing follow one another in one sign-in, each checked by itself.</summary>
    [Theory]
    [MemberData(nameof(AllSteps))]
    public async Task Moves_without_an_answer_advance_nothing(string step)
    {
        using var scene = await ReachAsync(step);
        string[] moves = [.. MovesAt(step).Where(move => !NeedsItsOwnScene(move))];
        Assert.True(moves.Length > 20);
        foreach (var move in moves)
            await AdvancesNothingAsync(scene, step, move);
        await CanBeFinishedAsync(scene, $"after all of it at {step}");
    }

    private static IEnumerable<string> MovesAt(string step) => Moves.Except(Own[step]);

    private static bool NeedsItsOwnScene(string move) =>
        Spends(move, "code=") || Spends(move, "password=") || move.StartsWith("other browser", StringComparison.Ordinal) || move.StartsWith("all but", StringComparison.Ordinal);

    private static bool Spends(string move, string field) =>
        move.Contains(field, StringComparison.Ordinal) && !move.EndsWith(field, StringComparison.Ordinal);

    private async Task AdvancesNothingAsync(Scene scene, string step, string move)
    {
        var result = await MakeAsync(move, scene);
        Assert.True(result?.Answer?["code"] is null, $"{move} at {step} gave a code");
        Assert.True(result is null || (int)result.Status < 500, result?.Describe());

        var asked = await scene.Browser.OpenAsync(scene.App.Ask().With("prompt", "none").Url);
        Assert.True(asked.MustAnswer()["code"] is null, $"{move} at {step} made a session");

        // Whoever did it, in whichever browser: the sign-in itself has come no further.
        var stands = await scene.Browser.VisitAsync("/connect/continue" + scene.Tx);
        Assert.True(stands.Answer is null && Array.IndexOf(OrderAt(step), stands.At) <= Array.IndexOf(OrderAt(step), scene.At.At), $"{move} at {step} went on to {stands.Describe()}");
    }

    private async Task CanBeFinishedAsync(Scene scene, string when)
    {
        var done = await FinishAsync(await scene.Browser.VisitAsync("/connect/continue" + scene.Tx), scene);
        Assert.True(done.Answer?["code"] is not null, $"{when} the honest person is stuck: {done.Describe()}");
        await IsAboutAsync(scene.Person, done, scene);
    }

    /// <summary>The person's own word ends it: access_denied, now and for whatever is sent afterwards.</summary>
    [Theory]
    [MemberData(nameof(AllSteps))]
    public async Task What_was_cancelled_cannot_be_gone_on_with(string step)
    {
        using var scene = await ReachAsync(step);
        var cancelled = await scene.Browser.PostAsync("/connect/cancel" + scene.Tx, [new("__csrf", scene.Csrf)]);
        Assert.Equal(CancelledAt(step), cancelled.MustAnswer().Error);

        await AnswerAllAsync(scene.Browser, scene.Tx, scene.Csrf, scene.Person);
        foreach (var path in (string[])["/connect/continue", scene.At.At])
        {
            var again = await scene.Browser.VisitAsync(path + scene.Tx);
            Assert.True(again.Answer is null || again.Answer.Error == CancelledAt(step), again.Describe());
        }

        Assert.Null((await scene.Browser.OpenAsync(scene.App.Ask().With("prompt", "none").Url)).MustAnswer()["code"]);
    }

    /// <summary>The back button after the end: whatever form is sent once more, there is the one answer there was.</summary>
    [Theory]
    [MemberData(nameof(AllSteps))]
    public async Task After_the_end_the_forms_of_its_steps_give_nothing_new(string step)
    {
        using var scene = await ReachAsync(step);
        var (browser, person) = (scene.Browser, scene.Person);
        var code = (await FinishAsync(scene.At, scene)).MustAnswer().Code;
        KeyValuePair<string, string>[] password = [new("userName", person.UserName), new("password", person.Password)];
        foreach (var again in new[]
        {
            await browser.PostAsync("/sign-in" + scene.Tx, [new("__csrf", scene.Csrf), .. password]),
            await browser.PostAsync("/verify" + scene.Tx, [new("__csrf", scene.Csrf), new("code", person.TotpSecret is null ? "000000" : person.CodeAt(idp.Clock))]),
            await browser.PostAsync("/consent" + scene.Tx, [new("__csrf", scene.Csrf), new("decision", "allow")]),
            await browser.PostAsync("/bind/choose" + scene.Tx, [new("__csrf", scene.Csrf), new("factor", "totp")]),
            await browser.PostAsync("/connect/cancel" + scene.Tx, [new("__csrf", scene.Csrf)]),
            await browser.VisitAsync("/connect/continue" + scene.Tx),
        })
        {
            Assert.True(again.Answer is null ? again.PersonError == "session_expired" : again.Answer["code"] == code, again.Describe());
        }
    }

    /// <summary>I-11: somebody else signs in in a second tab; what the first one still lacks is not theirs to give.</summary>
    [Theory]
    [InlineData("otp")]
    [InlineData("consent")]
    [InlineData("otp before consent")]
    [InlineData("consent after otp")]
    [InlineData("step-up")]
    [InlineData("bind")]
    [InlineData("bind on demand")]
    [InlineData("otp before bind on demand")]
    public async Task Another_persons_sign_in_in_a_second_tab_advances_nothing(string step)
    {
        using var scene = await ReachAsync(step);
        var other = await host.WithOtpAsync();
        var theirs = idp.App(TestClient.Strict).Ask().With("prompt", "login");
        Assert.NotNull((await idp.SignInAsync(scene.Browser, theirs, other)).Answer?["code"]);

        List<Stop> stops = [];
        foreach (var path in (string[])["/connect/continue", "/sign-in", "/verify", "/consent", "/bind"])
            stops.Add(await scene.Browser.VisitAsync(path + scene.Tx));
        Assert.All(stops, stop => Assert.True((int)stop.Status < 500, stop.Describe()));
        // A second step on top of a session is now one on top of theirs, and they have done it.
        var answered = stops.Where(stop => stop.Answer is not null).DistinctBy(stop => stop.MustAnswer().Code).ToList();
        Assert.Equal(step == "step-up" ? 1 : 0, answered.Count);
        foreach (var stop in answered)
            await IsAboutAsync(other, stop, scene);

        // What the first person still has to prove they can prove; it ends as theirs.
        if (step != "step-up")
            await IsAboutAsync(scene.Person, await FinishAsync(await scene.Browser.VisitAsync("/connect/continue" + scene.Tx), scene), scene);
    }

    /// <summary>I-11: the code is this person's. I-1: its tokens say what was verified, no more and no less.</summary>
    private async Task IsAboutAsync(Person person, Stop done, Scene scene)
    {
        var tokens = (await scene.App.RedeemAsync(done.MustAnswer(), scene.Ask)).MustSucceed();
        var id = (await idp.Service<Users>().FindByLoginAsync(person.UserName, default))!.Id;
        foreach (var token in new[] { await idp.ReadAsync(tokens.IdToken, scene.App.Client.Id), IdToken.Unverified(tokens.AccessToken) })
            Assert.Equal((id, scene.Acr, scene.Amr), (token.Subject, token.Acr, string.Join(' ', token.Amr)));
    }
}

public sealed class StepSkipping_on_SQLite_and_memory(SqliteStepHost host) : StepSkippingTests(host), IClassFixture<SqliteStepHost>;

[Thorough]
public sealed class StepSkipping_on_PostgreSQL_and_Redis(PostgresStepHost host) : StepSkippingTests(host), IClassFixture<PostgresStepHost>;
