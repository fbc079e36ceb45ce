using System.Net;
using IdP.Server.Accounts;
using IdP.Server.Storage;
using IdP.Server.Tests.Conformance;
using IdP.Server.Tests.Races;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>
/// From the right password on a sign-in belongs to the browser that typed it. Whoever began it there before - a shared machine - knows its address and holds
/// the browser's cookie, and with it a good CSRF token; that is not enough.
/// </summary>
public abstract class OwnerCookieTests(TestIdp idp)
{
    [Theory]
    [InlineData("otp", "nothing")]
    [InlineData("otp", "something made up")]
    [InlineData("otp", "the owner's cookie of another sign-in")]
    [InlineData("consent", "nothing")]
    [InlineData("consent", "something made up")]
    [InlineData("consent", "the owner's cookie of another sign-in")]
    public async Task Who_did_not_type_the_password_cannot_go_on_with_what_it_proved(string step, string shown)
    {
        using var owner = idp.Browser();
        var person = step == "otp" ? idp.WithOtp() : idp.Plain();
        var at = await owner.OpenAsync(idp.App(step == "otp" ? TestClient.Web : TestClient.Asking).Ask().With("prompt", step == "consent" ? "consent" : null).Url);
        // What can be known before the password.
        var tx = at.Url.Query;
        var csrf = Browser.Fields(at.Form())["__csrf"];
        using var other = idp.Browser();
        Give(other, "idp.browser", Value(owner, "idp.browser"));

        at = await owner.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        Assert.Equal(step == "otp" ? "/verify" : "/consent", at.At);
        if (shown != "nothing")
            Give(other, OwnerCookie(tx), shown == "something made up" ? new string('A', 43) : await ForeignOwnerAsync());

        await RefusedAsync(other.VisitAsync("/connect/continue" + tx));
        await RefusedAsync(other.VisitAsync(at.At + tx));
        await RefusedAsync(step == "otp"
            ? other.PostAsync("/verify" + tx, [new("__csrf", csrf), new("code", person.CodeAt(idp.Clock))])
            : other.PostAsync("/consent" + tx, [new("__csrf", csrf), new("decision", "allow")]));
        await RefusedAsync(other.PostAsync("/connect/cancel" + tx, [new("__csrf", csrf)]));

        // The sign-in stands where its owner left it, with the code still unused.
        var done = await idp.PassAsync(owner, await owner.VisitAsync(at.At + tx), person);
        Assert.NotNull(done.MustAnswer()["code"]);
        // A double click meets the same answer - the owner's, nobody else's.
        await RefusedAsync(other.VisitAsync("/connect/continue" + tx));
    }

    /// <summary>Step-up types no password: what the session's browser proves on top of it is that browser's too, whichever came first, session or sign-in.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public async Task Who_has_not_the_session_cannot_go_on_with_what_was_proven_on_top_of_it(bool sessionFirst)
    {
        var client = new TestClient("stepping-" + idp.Pair, "stepping-secret-of-plenty-of-characters") { Consent = true, MinimumAcr = "mfa", Policy = "OnRequest" };
        await idp.RegisterAsync(client.ToClient());
        var person = idp.WithOtp();
        using var owner = idp.Browser();
        var at = sessionFirst ? null : await owner.OpenAsync(idp.App(client).Ask().With("prompt", "consent").Url);
        Assert.NotNull((await idp.SignInAsync(owner, idp.App(TestClient.Calm).Ask(), person)).Answer);
        at = at is null ? await owner.OpenAsync(idp.App(client).Ask().With("prompt", "consent").Url) : await owner.VisitAsync("/connect/continue" + at.Url.Query);
        Assert.Equal("/verify", at.At);
        var tx = at.Url.Query;
        using var other = idp.Browser();
        Give(other, "idp.browser", Value(owner, "idp.browser"));
        // With the very answer that named the sign-in: a double click on what comes next loses nothing.
        if (sessionFirst)
            await RefusedAsync(other.VisitAsync("/verify" + tx));

        at = await owner.SubmitAsync(at, new Dictionary<string, string> { ["code"] = person.CodeAt(idp.Clock) }, "/verify");
        Assert.Equal("/consent", at.At);
        await RefusedAsync(other.VisitAsync("/connect/continue" + tx));
        await RefusedAsync(other.PostAsync("/sign-in" + tx, [new("__csrf", Browser.Fields(at.Form())["__csrf"]), new("userName", person.UserName), new("password", person.Password)]));
        Assert.NotNull((await idp.PassAsync(owner, at, person)).MustAnswer()["code"]);
    }

    /// <summary>Where the password is all that is asked for: of two people who come at the same moment each gets their own, or none.</summary>
    [Fact]
    public async Task Of_two_people_at_once_on_one_sign_in_nobody_gets_the_others_answer()
    {
        var (answered, clashed) = (0, 0);
        for (var round = 0; round < 12; round++)
        {
            using Browser one = idp.Browser(), other = idp.Browser();
            var ask = idp.App(TestClient.Calm).Ask();
            var at = await one.OpenAsync(ask.Url);
            var csrf = Browser.Fields(at.Form())["__csrf"];
            Give(other, "idp.browser", Value(one, "idp.browser"));
            (Browser Browser, Person Person)[] two = [(one, idp.Plain()), (other, idp.Plain())];

            var stops = await Crowd.AtOnceAsync(async n => (two[n].Person, Stop: await two[n].Browser.PostAsync("/sign-in" + at.Url.Query, [new("__csrf", csrf), new("userName", two[n].Person.UserName), new("password", two[n].Person.Password)])), 2);

            clashed += stops.Count(it => it.Stop.PersonError == "session_expired");
            foreach (var (person, stop) in stops.Where(it => it.Stop.Answer is not null))
            {
                answered++;
                var tokens = await idp.App(TestClient.Calm).RedeemAsync(stop.MustAnswer(), ask);
                Assert.Equal((await idp.Service<Users>().FindByLoginAsync(person.UserName, default))!.Id, (await idp.ReadAsync(tokens.MustSucceed().IdToken, TestClient.Calm.Id)).Subject);
            }
        }

        Assert.True(answered > 0 && clashed > 0, $"{answered} answers, {clashed} clashes: nothing was raced");
    }

    /// <summary>A sign-in that nobody owns is finished by a session: its answer is that session's, not of everybody who knows the browser's handle.</summary>
    [Fact]
    public async Task What_a_session_finished_nobody_else_gets_to_see()
    {
        using Browser owner = idp.Browser(), other = idp.Browser();
        var at = await other.OpenAsync(idp.App(TestClient.Calm).Ask().Url);
        Give(owner, "idp.browser", Value(other, "idp.browser"));
        Assert.NotNull((await idp.SignInAsync(owner, idp.App(TestClient.Calm).Ask(), idp.Plain())).Answer);

        var code = (await owner.VisitAsync("/connect/continue" + at.Url.Query)).MustAnswer().Code;
        await RefusedAsync(other.VisitAsync("/connect/continue" + at.Url.Query));
        Assert.Equal(code, (await owner.VisitAsync("/connect/continue" + at.Url.Query)).MustAnswer().Code);
    }

    /// <summary>Who knows the password sends it at the right moment and has it looked at just after the owner's second factor: the factor is not theirs.</summary>
    [Fact]
    public async Task A_password_that_waited_for_the_owners_second_factor_does_not_get_it()
    {
        var client = new TestClient("waiting-" + idp.Pair, "waiting-secret-of-plenty-of-characters") { MinimumAcr = "mfa", Policy = "OnRequest" };
        await idp.RegisterAsync(client.ToClient());
        var person = idp.WithOtp();
        using Browser owner = idp.Browser(), other = idp.Browser();
        var at = await other.OpenAsync(idp.App(client).Ask().Url);
        var tx = at.Url.Query;
        Give(owner, "idp.browser", Value(other, "idp.browser"));
        Assert.NotNull((await idp.SignInAsync(owner, idp.App(TestClient.Calm).Ask(), person)).Answer);

        using var gate = new ManualResetEventSlim();
        var held = HoldHashesAsync(gate);
        var attack = other.PostAsync("/sign-in" + tx, [new("__csrf", Browser.Fields(at.Form())["__csrf"]), new("userName", person.UserName), new("password", person.Password)]);
        var counter = "pwd:" + Handles.HashText((await idp.Service<Users>().FindByLoginAsync(person.UserName, default))!.Id);
        try
        {
            for (var looks = 0; !await idp.StoredAsync("select 1 from guess_counters where key = @key", _ => true, ("@key", counter)); looks++)
            {
                Assert.True(looks < 250, "the password never came");
                await Task.Delay(20);
            }

            at = await owner.VisitAsync("/connect/continue" + tx);
            Assert.Equal("/verify", at.At);
            owner.StopBefore = "/connect/continue";
            Assert.Equal("/connect/continue", (await owner.SubmitAsync(at, new Dictionary<string, string> { ["code"] = person.CodeAt(idp.Clock) }, "/verify")).At);
        }
        finally
        {
            // Everybody's passwords wait behind it.
            gate.Set();
        }

        await held;
        var stop = await attack;
        Assert.True(stop is { Answer: null, At: "/verify" }, stop.Describe());
    }

    /// <summary>The old password is looked at, and found right, while it is being changed: nobody begins a session with it.</summary>
    [Fact]
    public async Task A_password_that_is_changed_while_it_is_looked_at_begins_no_session()
    {
        using var browser = idp.Browser();
        var person = await idp.NewPersonAsync();
        var users = idp.Service<Users>();
        var id = (await users.FindByLoginAsync(person.UserName, default))!.Id;
        var another = await idp.Service<Passwords>().HashAsync(id, "another one of enough length", default);
        var at = await browser.OpenAsync(idp.App(TestClient.Calm).Ask().Url);

        using var gate = new ManualResetEventSlim();
        var held = HoldHashesAsync(gate);
        var typed = browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        try
        {
            // It has read the old hash, and waits for its turn.
            await Task.Delay(500);
            await idp.ForwardAsync(TimeSpan.FromSeconds(1));
            Assert.True(await users.SetPasswordAsync(id, another, By.Tool("cli"), null, default));
        }
        finally
        {
            gate.Set();
        }

        await held;
        var stop = await typed;
        Assert.True(stop is { Answer: null, At: "/sign-in" } && stop.Page!.QuerySelector("[data-problem]") is null, stop.Describe());
        Assert.False(await idp.StoredAsync("select 1 from sessions where user_id = @id", _ => true, ("@id", id)));
    }

    /// <summary>Every hash waits until the gate opens.</summary>
    private Task HoldHashesAsync(ManualResetEventSlim gate) => Task.WhenAll(
        Enumerable.Range(0, Environment.ProcessorCount).Select(_ => idp.Service<HashingThreads>().RunAsync(() => { gate.Wait(); return 0; }, default)));

    private async Task<string> ForeignOwnerAsync()
    {
        using var browser = idp.Browser();
        var person = idp.Plain();
        var at = await browser.OpenAsync(idp.App(TestClient.Asking).Ask().With("prompt", "consent").Url);
        await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        return Value(browser, OwnerCookie(at.Url.Query));
    }

    private static async Task RefusedAsync(Task<Stop> move)
    {
        var stop = await move;
        Assert.True(stop.PersonError == "session_expired", stop.Describe());
    }

    private static string OwnerCookie(string tx) => "idp.owner-" + Stop.SignInIdIn(tx);

    private string Value(Browser browser, string name) => browser.Cookies.GetCookies(new Uri(idp.Issuer))[name]!.Value;

    private void Give(Browser browser, string name, string value) => browser.Cookies.Add(new Uri(idp.Issuer), new Cookie(name, value));
}

[Thorough]
[Collection(nameof(OnSqlite))]
public sealed class OwnerCookie_on_SQLite_and_memory(SqliteHost host) : OwnerCookieTests(host.Idp);

[Collection(nameof(OnPostgres))]
public sealed class OwnerCookie_on_PostgreSQL_and_Redis(PostgresHost host) : OwnerCookieTests(host.Idp);
