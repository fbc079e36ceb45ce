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
            "update users set password_changed_at = @now where id = @id", default, ("@id", await IdAsync(person)), ("@now", idp.Clock.GetUtcNow().Stored())));

        kept.StopBefore = null;
        at = await kept.VisitAsync("/connect/continue" + at.Url.Query);
        Assert.True(at is { Answer: null, At: "/sign-in" }, at.Describe());
        Assert.Equal((2, 2), await CountedAsync(person));
    }

    private async Task<Stop> TypeAsync(Browser browser, Person person, TestClient client)
    {
        var at = await browser.OpenAsync(idp.App(client).Ask().Url);
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

[Collection(nameof(OnSqlite))]
public sealed class ForgottenGuess_on_SQLite_and_memory(SqliteHost host) : ForgottenGuessTests(host.Idp);

[Collection(nameof(OnPostgres))]
public sealed class ForgottenGuess_on_PostgreSQL_and_Redis(PostgresHost host) : ForgottenGuessTests(host.Idp);
