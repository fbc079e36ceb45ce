using System.Net;
using System.Text;
using IdP.Server.Storage;
using IdP.Server.Tests.Conformance;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>A browser that reloads hangs up on the request before.</summary>
public abstract class HangUpTests(TestIdp idp)
{
    [Fact]
    public async Task Who_hangs_up_while_a_sign_in_is_finished_finds_its_answer_afterwards()
    {
        using var browser = idp.Browser();
        var at = await ProveAsync(browser);
        await WhileNoSessionBeginsAsync(async () =>
        {
            using var patience = new CancellationTokenSource();
            browser.Patience = patience.Token;
            var gone = browser.VisitAsync("/connect/continue" + at.Url.Query);
            await UntilItIsFinishedAsync(at.SignInId);
            await patience.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
            // The server sees that nobody waits any more before it can go on.
            await Task.Delay(300);
        });

        browser.Patience = CancellationToken.None;
        Assert.NotNull((await browser.VisitAsync("/connect/continue" + at.Url.Query)).MustAnswer()["code"]);
    }

    /// <summary>The database does not answer for longer than anybody waits for it, and then does.</summary>
    protected async Task FinishThroughAnOutageAsync()
    {
        using var browser = idp.Browser();
        var at = await ProveAsync(browser);
        await WhileNoSessionBeginsAsync(async () =>
        {
            var stop = await browser.VisitAsync("/connect/continue" + at.Url.Query);
            Assert.True(stop is { Answer: null, Status: HttpStatusCode.ServiceUnavailable }, stop.Describe());
        });

        Assert.NotNull((await browser.VisitAsync("/connect/continue" + at.Url.Query)).MustAnswer()["code"]);
    }

    private async Task<Stop> ProveAsync(Browser browser)
    {
        var person = await idp.NewPersonAsync();
        var at = await browser.OpenAsync(idp.App(TestClient.Calm).Ask().Url);
        browser.StopBefore = "/connect/continue";
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        browser.StopBefore = null;
        return at;
    }

    private async Task WhileNoSessionBeginsAsync(Func<Task> work)
    {
        var database = idp.Service<Database>();
        TaskCompletionSource holds = new(), enough = new();
        var holding = database.TransactAsync(async lane =>
        {
            if (database.IsPostgres)
                await lane.ExecuteAsync("lock table sessions in exclusive mode", default);
            holds.SetResult();
            await enough.Task;
            return true;
        }, default);
        try
        {
            await holds.Task;
            await work();
        }
        finally
        {
            enough.SetResult();
        }

        await holding;
    }

    private async Task UntilItIsFinishedAsync(string id)
    {
        for (var looks = 0; looks < 250; looks++)
        {
            if (await idp.Service<SealedStore>().GetAsync("signin:" + id, default) is { } kept
                && Encoding.UTF8.GetString(kept.Value).Contains("\"Finishing\":true", StringComparison.Ordinal))
                return;
            await Task.Delay(10);
        }

        Assert.Fail("it was never finished");
    }
}

[Collection(nameof(OnSqlite))]
public sealed class HangUp_on_SQLite_and_memory(SqliteHost host) : HangUpTests(host.Idp);

[Collection(nameof(OnPostgres))]
public sealed class HangUp_on_PostgreSQL_and_Redis(PostgresHost host) : HangUpTests(host.Idp)
{
    // SQLite has no such wait: who writes to it waits for its turn in this process.
    [Fact]
    public Task A_sign_in_that_an_outage_interrupts_is_finished_at_the_next_try() => FinishThroughAnOutageAsync();
}
