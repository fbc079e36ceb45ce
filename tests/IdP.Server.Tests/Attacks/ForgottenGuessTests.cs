using System.Net;
using IdP.Server.Accounts;
using IdP.Server.Storage;
using IdP.Server.Tests.Conformance;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>I-6: a right password has its counters forgotten, once, and while it is still the right one.</summary>
public abstract class ForgottenGuessTests(TestIdp idp)
{
    [Fact]
    public async Task Where_the_password_is_all_that_is_wanted_the_session_forgets_its_guesses()
    {
        using var browser = idp.Browser();
        var person = await idp.NewPersonAsync();
        var at = await TypeAsync(browser, person, TestClient.Calm);
        Assert.Equal("/connect/continue", at.At);
        Assert.Equal((1, 1), await CountedAsync(person));

        browser.StopBefore = null;
        (await browser.VisitAsync("/connect/continue" + at.Url.Query)).MustAnswer();
        Assert.Equal((null, null), await CountedAsync(person));
    }

    [Fact]
    public async Task Where_more_steps_follow_its_guesses_are_forgotten_at_once()
    {
        using var browser = idp.Browser();
        var person = idp.WithOtp();
        Assert.Equal("/connect/continue", (await TypeAsync(browser, person, TestClient.Web)).At);
        Assert.Equal((null, null), await CountedAsync(person));
    }

    /// <summary>Who knew the old password keeps sign-ins for later: they must not open the guesses at the new one, not even where a node has not heard of it yet.</summary>
    [Fact]
    public async Task A_sign_in_kept_from_before_the_password_changed_forgets_no_guess()
    {
        using Browser kept = idp.Browser(), guessing = idp.Browser();
        var person = await idp.NewPersonAsync();
        var at = await TypeAsync(kept, person, TestClient.Calm);
        await idp.ForwardAsync(TimeSpan.FromSeconds(1));
        Assert.Equal("/sign-in", (await TypeAsync(guessing, person with { Password = "a guess" }, TestClient.Calm)).At);
        Assert.Equal(1, await idp.Service<Database>().ExecuteAsync(
            "update users set password_changed_at = @now, epoch = epoch + 1 where id = @id", default, ("@id", await IdAsync(person)), ("@now", idp.Clock.GetUtcNow().Stored())));

        kept.StopBefore = null;
        at = await kept.VisitAsync("/connect/continue" + at.Url.Query);
        Assert.True(at is { Answer: null, At: "/sign-in" }, at.Describe());
        Assert.Equal((2, 2), await CountedAsync(person));
    }

    /// <summary>The same, once the browser has a session of its owner's that stands on the new password.</summary>
    [Fact]
    public async Task Nor_does_it_where_the_session_stands_on_the_new_one()
    {
        using Browser kept = idp.Browser(), guessing = idp.Browser();
        var old = await idp.NewPersonAsync();
        var at = await TypeAsync(kept, old, TestClient.Calm);
        await idp.ForwardAsync(TimeSpan.FromSeconds(1));
        var person = old with { Password = "another one of enough length" };
        Assert.True(await idp.Service<Users>().SetPasswordAsync(await IdAsync(person), person.Password, By.Tool("cli"), null, default));
        kept.StopBefore = null;
        (await idp.SignInAsync(kept, idp.App(TestClient.Calm).Ask(), person)).MustAnswer();
        Assert.Equal("/sign-in", (await TypeAsync(guessing, old, TestClient.Calm)).At);

        (await kept.VisitAsync("/connect/continue" + at.Url.Query)).MustAnswer();
        Assert.Equal((1, 1), await CountedAsync(person));
    }

    /// <summary>A pushed request that another sign-in has used lets this one end again and again, and each end begins a session.</summary>
    [Fact]
    public async Task A_sign_in_that_ends_more_than_once_forgets_its_guesses_once()
    {
        using Browser owner = idp.Browser(), other = idp.Browser();
        var person = await idp.NewPersonAsync();
        var app = idp.App(TestClient.Calm);
        var pushed = (await app.PushAsync(app.Ask())).MustSucceed().Json!["request_uri"]!.GetValue<string>();
        var address = $"{idp.Issuer}/connect/authorize?client_id={TestClient.Calm.Id}&request_uri={Uri.EscapeDataString(pushed)}";
        var at = await TypeAsync(owner, person, address);
        var tx = at.Url.Query;
        var cookie = owner.Cookies.GetCookies(new Uri(idp.Issuer))["idp.owner-" + at.SignInId]!.Value;
        (await idp.PassAsync(other, await other.OpenAsync(address), await idp.NewPersonAsync())).MustAnswer();

        owner.StopBefore = null;
        Assert.Null((await owner.VisitAsync("/connect/continue" + tx)).Answer);
        Assert.Equal((null, null), await CountedAsync(person));
        Assert.Equal("/sign-in", (await TypeAsync(other, person with { Password = "a guess" }, TestClient.Calm, "login")).At);
        owner.Cookies.Add(new Uri(idp.Issuer), new Cookie("idp.owner-" + at.SignInId, cookie));
        Assert.Null((await owner.VisitAsync("/connect/continue" + tx)).Answer);
        Assert.Equal((1, 1), await CountedAsync(person));
    }

    private Task<Stop> TypeAsync(Browser browser, Person person, TestClient client, string? prompt = null) =>
        TypeAsync(browser, person, idp.App(client).Ask().With("prompt", prompt).Url);

    private static async Task<Stop> TypeAsync(Browser browser, Person person, string address)
    {
        var at = await browser.OpenAsync(address);
        browser.StopBefore = "/connect/continue";
        return await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
    }

    private async Task<string> IdAsync(Person person) => (await idp.Service<Users>().FindByLoginAsync(person.UserName, default))!.Id;

    /// <summary>In a row, by the name and by the account; null where nothing is counted.</summary>
    private async Task<(int? ByName, int? ByAccount)> CountedAsync(Person person)
    {
        Task<int?> Of(string key) => idp.StoredAsync<int?>("select in_row from guess_counters where key = @key", row => row.GetInt32(0), ("@key", key));
        return (await Of("name:" + Handles.HashText(UserNames.Normalize(person.UserName)!)), await Of("pwd:" + Handles.HashText(await IdAsync(person))));
    }
}

[Thorough]
[Collection(nameof(OnSqlite))]
public sealed class ForgottenGuess_on_SQLite_and_memory(SqliteHost host) : ForgottenGuessTests(host.Idp);

[Collection(nameof(OnPostgres))]
public sealed class ForgottenGuess_on_PostgreSQL_and_Redis(PostgresHost host) : ForgottenGuessTests(host.Idp);
