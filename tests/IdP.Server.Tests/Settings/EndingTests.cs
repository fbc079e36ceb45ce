using IdP.Server.Accounts;
using IdP.Server.Tests.Attacks;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Settings;

/// <summary>J-36, J-37: what ends a session ends all that it gave, what was granted for the person's absence included; on every node within five seconds (I-5).</summary>
public abstract class EndingTests(TestIdp idp)
{
    private static readonly Way[] Ways =
    [
        new("end this one", async (owner, sid) => await PostAsync(owner, "/account/sessions/end", ("id", sid))),
        new("end all others", async (owner, _) => await PostAsync(owner, "/account/sessions/others")),
        new("new password", async (owner, _) => await PostAsync(owner, "/account/password",
            ("password", owner.Person.Password), ("newPassword", "another one altogether"), ("again", "another one altogether"))),
        new("take the app's access back", async (owner, _) => await PostAsync(owner, "/account/sessions/app", ("id", TestClient.Asking.Id))),
    ];

    private static int apps;

    public static TheoryData<string> Names => [.. Ways.Select(way => way.Name)];

    [Theory, MemberData(nameof(Names))]
    public async Task Nothing_that_the_session_gave_works_any_more(string way)
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        using var elsewhere = await owner.ElsewhereAsync();
        var app = idp.App(TestClient.Asking);
        var ask = app.Ask("openid offline_access");
        var tokens = (await app.RedeemAsync((await idp.SignInAsync(elsewhere.Browser, ask, owner.Person)).MustAnswer(), ask)).MustSucceed();
        Assert.Equal(200, (await app.UserInfoAsync(tokens.AccessToken)).Status);

        var list = await owner.Browser.VisitAsync("/account/sessions");
        var sid = list.Page!.QuerySelectorAll("[data-session]").Single(line => line.QuerySelector("form") is not null).GetAttribute("data-session")!;
        var done = await Ways.Single(one => one.Name == way).Act(owner, sid);
        Assert.Contains("done=", done.Url.Query, StringComparison.Ordinal);

        Assert.Equal("invalid_grant", (await app.RefreshAsync(tokens.RefreshToken)).Error);
        Assert.Equal(401, (await app.UserInfoAsync(tokens.AccessToken)).Status);
        Assert.False(await app.IsActiveAsync(tokens.AccessToken));
        // This browser goes on.
        Assert.Equal("/account", (await owner.Browser.VisitAsync("/account")).At);
        if (!way.StartsWith("take", StringComparison.Ordinal))
            Assert.Equal("/sign-in", (await elsewhere.Browser.VisitAsync("/account")).At);
    }

    /// <summary>Whoever knew the old password may have taken tokens in this very session, which goes on.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public async Task A_new_password_ends_what_was_given_in_the_session_that_stays(bool refresh)
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        var app = await AppAsync("jwt", refresh);
        var scope = refresh ? "openid offline_access" : "openid";
        var (before, late) = (app.Ask(scope), app.Ask(scope));
        var tokens = (await app.RedeemAsync((await idp.SignInAsync(owner.Browser, before, owner.Person)).MustAnswer(), before)).MustSucceed();
        var code = (await idp.SignInAsync(owner.Browser, late, owner.Person)).MustAnswer();
        await PostAsync(owner, "/account/password", ("password", owner.Person.Password), ("newPassword", "another one altogether"), ("again", "another one altogether"));

        Assert.Equal(401, (await app.UserInfoAsync(tokens.AccessToken)).Status);
        Assert.Equal("invalid_grant", (await app.RedeemAsync(code, late)).Error);
        if (refresh)
            Assert.Equal("invalid_grant", (await app.RefreshAsync(tokens.RefreshToken)).Error);
        // The session is there, and gives anew at once.
        var again = app.Ask(scope).With("prompt", "none");
        var fresh = (await app.RedeemAsync((await idp.SignInAsync(owner.Browser, again, owner.Person)).MustAnswer(), again)).MustSucceed();
        Assert.Equal(200, (await app.UserInfoAsync(fresh.AccessToken)).Status);
    }

    [Theory, InlineData("jwt", true), InlineData("jwt", false), InlineData("reference", false)]
    public async Task An_app_whose_access_is_taken_back_holds_nothing_that_works_and_redeems_no_code(string type, bool refresh)
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        var (app, other) = (await AppAsync(type, refresh), await AppAsync(type, refresh));
        var (first, second, theirs) = (app.Ask(), app.Ask(), other.Ask());
        var tokens = (await app.RedeemAsync((await idp.SignInAsync(owner.Browser, first, owner.Person)).MustAnswer(), first)).MustSucceed();
        var code = (await idp.SignInAsync(owner.Browser, second, owner.Person)).MustAnswer();
        var spared = (await other.RedeemAsync((await idp.SignInAsync(owner.Browser, theirs, owner.Person)).MustAnswer(), theirs)).MustSucceed();
        await PostAsync(owner, "/account/sessions/app", ("id", app.Client.Id));

        Assert.Equal(401, (await app.UserInfoAsync(tokens.AccessToken)).Status);
        Assert.False(await app.IsActiveAsync(tokens.AccessToken));
        Assert.Equal("invalid_grant", (await app.RedeemAsync(code, second)).Error);
        Assert.Equal(200, (await other.UserInfoAsync(spared.AccessToken)).Status);
        // Asked again, and allowed again.
        var anew = app.Ask();
        var at = await owner.Browser.OpenAsync(anew.Url);
        Assert.Equal("/consent", at.At);
        var fresh = (await app.RedeemAsync((await idp.PassAsync(owner.Browser, at, owner.Person)).MustAnswer(), anew)).MustSucceed();
        Assert.Equal(200, (await app.UserInfoAsync(fresh.AccessToken)).Status);
    }

    /// <summary>Whoever typed the password before, and shows the right second factor after, has proven nothing that counts.</summary>
    [Theory, InlineData("end all others"), InlineData("new password"), InlineData("disable and enable")]
    public async Task A_half_done_sign_in_ends_with_the_sessions(string way)
    {
        using var owner = await Owner.WithOtpAsync(idp);
        using var other = idp.Browser();
        var typed = new Dictionary<string, string> { ["userName"] = owner.Person.UserName, ["password"] = owner.Person.Password };
        var at = await other.SubmitAsync(await other.OpenAsync(idp.App(TestClient.Web).Ask().Url), typed, "/sign-in");
        Assert.Equal("/verify", at.At);

        var users = idp.Service<Users>();
        if (way == "end all others")
        {
            Assert.Contains("done=", (await PostAsync(owner, "/account/sessions/others")).Url.Query, StringComparison.Ordinal);
        }
        else
        {
            var id = await owner.IdAsync();
            if (way == "new password")
                Assert.True(await users.SetPasswordAsync(id, owner.Person.Password, By.Tool("cli"), exceptSid: null, default));
            else
                Assert.True(await users.SetDisabledAsync(id, true, By.Tool("cli"), default) && await users.SetDisabledAsync(id, false, By.Tool("cli"), default));
        }

        await owner.CodeIsGoodAgainAsync();
        var stop = await other.SubmitAsync(at, new Dictionary<string, string> { ["code"] = owner.Person.CodeAt(idp.Clock) }, "/verify");
        Assert.True(stop is { Answer: null, At: "/sign-in" }, stop.Describe());
        // Begun anew it ends well, with both proofs.
        Assert.NotNull((await idp.PassAsync(other, stop, owner.Person)).Answer);
        if (way == "end all others")
            Assert.Equal("/account", (await owner.Browser.VisitAsync("/account")).At);
    }

    [Fact]
    public async Task Sessions_and_apps_of_others_are_unknown()
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        using var stranger = await Owner.WithoutFactorAsync(idp);
        var sid = (await owner.Browser.VisitAsync("/account/sessions")).Page!.QuerySelector("[data-session]")!.GetAttribute("data-session")!;
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await PostAsync(stranger, "/account/sessions/end", ("id", sid))).Status);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await PostAsync(stranger, "/account/sessions/app", ("id", TestClient.Asking.Id))).Status);
        Assert.Equal("/account", (await owner.Browser.VisitAsync("/account")).At);
    }

    /// <summary>An app that asks the person first, as only these tests know one.</summary>
    private async Task<RelyingParty> AppAsync(string type, bool refresh)
    {
        var client = new TestClient($"ending-{Interlocked.Increment(ref apps)}", "ending-secret-of-plenty-of-characters") { Consent = true, Policy = "OnRequest", AccessTokenType = type, Refresh = refresh };
        await idp.RegisterAsync(client.ToClient());
        return idp.App(client);
    }

    private static async Task<Stop> PostAsync(Owner owner, string path, params (string Name, string Value)[] fields)
    {
        var csrf = Browser.Fields((await owner.Browser.VisitAsync("/account/profile")).Form())["__csrf"];
        return await owner.Browser.PostAsync(path, [new("__csrf", csrf), .. fields.Select(field => KeyValuePair.Create(field.Name, field.Value))]);
    }

    private sealed record Way(string Name, Func<Owner, string, Task<Stop>> Act);
}

[Thorough]
public sealed class Ending_on_SQLite_and_memory(SqliteAttackHost host) : EndingTests(host.Idp), IClassFixture<SqliteAttackHost>;

public sealed class Ending_on_PostgreSQL_and_Redis(PostgresAttackHost host) : EndingTests(host.Idp), IClassFixture<PostgresAttackHost>;
