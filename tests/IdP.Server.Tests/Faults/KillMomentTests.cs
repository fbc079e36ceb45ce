using System.Net;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Faults;

/// <summary>
/// F-1, F-2: kill -9 lands inside each request of a sign-in, a little later each time, over the time that the request usually takes, and both before and after what it
/// changes was durable. Whatever the browser saw before: what it was told is kept, and what is good once was good once at most. With IDP_TESTS=all there are more moments.
/// </summary>
public abstract partial class KillMomentTests(TestIdp idp, bool sharedState)
{
    private readonly RelyingParty web = idp.App(TestClient.Web);
    private readonly RelyingParty calm = idp.App(TestClient.Calm);

    [Fact]
    public Task A_password_that_was_killed_half_way_proves_nothing_by_itself() => EachMomentAsync(
        async () => await OpenAsync(web.Ask(), idp.WithOtp()),
        scene => scene.Browser.SubmitAsync(scene.At, PasswordOf(scene.Person), "/sign-in"),
        async (scene, seen) =>
        {
            foreach (var client in (RelyingParty[])[web, calm])
                Assert.NotNull((await scene.Browser.OpenAsync(client.Ask().With("prompt", "none").Url)).MustAnswer().Error);
            var stop = await scene.Browser.VisitAsync("/connect/continue" + scene.At.Url.Query);
            // Who never got the cookie that came with the answer has to start again, at the password where nothing was kept.
            Assert.True(stop.At == "/sign-in" || (sharedState && stop.At == "/verify") || stop is { Answer: null, PersonError: not null, Status: HttpStatusCode.BadRequest }, stop.Describe());
            Assert.NotNull((await idp.SignInAsync(scene.Browser, web.Ask(), scene.Person)).Answer?["code"]);
            // It changes nothing durable.
            return seen is not null;
        });

    [Fact]
    public Task An_OTP_step_that_was_killed_half_way_lets_one_sign_in_through_at_most() => EachMomentAsync(
        async () =>
        {
            var scene = await ToVerifyAsync(idp.WithOtp());
            return scene with { Code = scene.Person.CodeAt(idp.Clock) };
        },
        scene => scene.Browser.SubmitAsync(scene.At, Code(scene), "/verify"),
        async (scene, seen) =>
        {
            var used = await HasAsync(scene, "factor_bindings where last_step is not null and");
            Dictionary<string, AuthorizationAsk> codes = [];
            Keep(codes, seen, scene.Ask);
            Keep(codes, await scene.Browser.VisitAsync("/connect/continue" + scene.At.Url.Query), scene.Ask);
            if (seen?.Answer is not null)
                await HasSessionAsync(scene.Browser, web);
            for (var tries = 0; tries < 2; tries++)
            {
                var again = await ToVerifyAsync(scene.Person);
                Keep(codes, await again.Browser.SubmitAsync(again.At, Code(scene), "/verify"), again.Ask);
            }

            Assert.True(codes.Count <= 1, $"one code of the app let {codes.Count} sign-ins through");
            Assert.True(used || codes.Count == 1, "a code of the app that was never used lets nobody through");
            await GoodOnceAsync(web, codes);
            return used;
        });

    [Fact]
    public Task A_consent_that_was_killed_half_way_is_remembered_once_it_was_answered() => EachMomentAsync(
        async () =>
        {
            var scene = await OpenAsync(idp.App(TestClient.Asking).Ask(), idp.WithOtp());
            var at = await scene.Browser.SubmitAsync(scene.At, PasswordOf(scene.Person), "/sign-in");
            Assert.Equal("/consent", at.At);
            return scene with { At = at };
        },
        scene => scene.Browser.SubmitAsync(scene.At, new Dictionary<string, string> { ["decision"] = "allow" }, "/consent"),
        async (scene, seen) =>
        {
            var acknowledged = WasAnswered(scene.Browser, "/consent");
            var remembered = await HasAsync(scene, "consents where");
            Dictionary<string, AuthorizationAsk> codes = [];
            Keep(codes, seen, scene.Ask);
            Keep(codes, await scene.Browser.VisitAsync("/connect/continue" + scene.At.Url.Query), scene.Ask);
            Assert.True(codes.Count <= 1);
            await GoodOnceAsync(idp.App(TestClient.Asking), codes);

            using var later = idp.Browser();
            var next = await later.SubmitAsync(await later.OpenAsync(idp.App(TestClient.Asking).Ask().Url), PasswordOf(scene.Person), "/sign-in");
            Assert.True(next.At == "client" || (!acknowledged && next.At == "/consent"), next.Describe());
            return remembered;
        });

    [Fact]
    public Task An_end_that_was_killed_half_way_gives_one_code_at_most() => EachMomentAsync(
        async () =>
        {
            var scene = await OpenAsync(calm.Ask(), idp.WithOtp());
            scene.Browser.StopBefore = "/connect/continue";
            var at = await scene.Browser.SubmitAsync(scene.At, PasswordOf(scene.Person), "/sign-in");
            scene.Browser.StopBefore = null;
            Assert.Equal("/connect/continue", at.At);
            return scene with { At = at };
        },
        scene => scene.Browser.VisitAsync(scene.At.Url.PathAndQuery),
        async (scene, seen) =>
        {
            var began = await HasAsync(scene, "sessions where");
            Dictionary<string, AuthorizationAsk> codes = [];
            Keep(codes, seen, scene.Ask);
            for (var tries = 0; tries < 2; tries++)
                Keep(codes, await scene.Browser.VisitAsync(scene.At.Url.PathAndQuery), scene.Ask);
            Assert.True(codes.Count <= 1, $"one sign-in gave {codes.Count} codes");
            if (seen?.Answer is not null)
                await HasSessionAsync(scene.Browser, calm);
            await GoodOnceAsync(calm, codes);
            return began;
        });

    [Fact]
    public Task A_push_that_was_killed_half_way_is_good_once_at_most() => EachMomentAsync(
        () => Task.FromResult(new Scene(idp.Browser(), idp.WithOtp(), null!, calm.Ask())),
        scene => calm.PushAsync(scene.Ask),
        async (scene, seen) =>
        {
            if (seen is null)
                return false;
            var handle = scene.Ask.BehindHandle(seen.MustSucceed()["request_uri"]!);
            var answered = 0;
            for (var tries = 0; tries < 2; tries++)
            {
                using var browser = idp.Browser();
                var stop = await idp.PassAsync(browser, await browser.OpenAsync(handle), scene.Person);
                Assert.True(stop.Answer?["code"] is not null || stop.PersonError == "invalid_request_uri", stop.Describe());
                answered += stop.Answer is null ? 0 : 1;
            }

            Assert.Equal(sharedState ? 1 : 0, answered);
            return true;
        });

    [Fact]
    public Task A_new_password_that_was_answered_is_the_password() => EachMomentAsync(
        async () =>
        {
            var (browser, person) = (idp.Browser(), idp.Plain());
            Assert.Equal("/account", (await idp.PassAsync(browser, await browser.VisitAsync("/account"), person)).At);
            return new Scene(browser, person, await browser.VisitAsync("/account/password"), calm.Ask());
        },
        scene => scene.Browser.SubmitAsync(
            scene.At, new Dictionary<string, string> { ["password"] = scene.Person.Password, ["newPassword"] = NewPassword, ["again"] = NewPassword }, "/account/password"),
        async (scene, _) =>
        {
            var acknowledged = WasAnswered(scene.Browser, "/account/password");
            var (old, fresh) = (await SignsInAsync(scene.Person), await SignsInAsync(scene.Person with { Password = NewPassword }));
            Assert.True(old != fresh, $"old: {old}, new: {fresh}");
            Assert.True(fresh || !acknowledged, "a password that was changed is the old one again");
            return fresh;
        });

    [Fact]
    public async Task What_the_command_line_has_said_is_so_after_the_kill()
    {
        var ask = calm.Ask();
        using var browser = idp.Browser();
        var before = (await calm.RedeemAsync((await idp.SignInAsync(browser, ask, idp.WithOtp())).MustAnswer(), ask)).MustSucceed();
        var added = new Person("added-beside", "correct horse battery beside");

        var add = await idp.CliAsync("user", "add", added.UserName, "--password", added.Password);
        await idp.CrashAsync();
        Assert.True(add.ExitCode == 0, add.Output);
        Assert.True(await SignsInAsync(added));

        var rotate = await idp.CliAsync("keys", "rotate", "--alg", "ES256");
        await idp.CrashAsync();
        Assert.True(rotate.ExitCode == 0, rotate.Output);
        Assert.Contains(NewKey().Match(rotate.Output).Groups[1].Value, (await idp.GetAsync("/.well-known/jwks.json")).Json!["keys"]!.AsArray().Select(key => (string?)key!["kid"]));
        await idp.ReadAsync(before.IdToken, TestClient.Calm.Id);
    }
}
