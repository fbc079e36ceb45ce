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

    private static async Task<Stop> PostAsync(Owner owner, string path, params (string Name, string Value)[] fields)
    {
        var csrf = Browser.Fields((await owner.Browser.VisitAsync("/account/profile")).Form())["__csrf"];
        return await owner.Browser.PostAsync(path, [new("__csrf", csrf), .. fields.Select(field => KeyValuePair.Create(field.Name, field.Value))]);
    }

    private sealed record Way(string Name, Func<Owner, string, Task<Stop>> Act);
}

public sealed class Ending_on_SQLite_and_memory(SqliteAttackHost host) : EndingTests(host.Idp), IClassFixture<SqliteAttackHost>;

public sealed class Ending_on_PostgreSQL_and_Redis(PostgresAttackHost host) : EndingTests(host.Idp), IClassFixture<PostgresAttackHost>;
