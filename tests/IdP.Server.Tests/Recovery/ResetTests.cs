using System.Net;
using IdP.Server.Accounts;
using IdP.Server.Recovery;
using IdP.Server.Storage;
using IdP.Server.Tests.Attacks;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Recovery;

/// <summary>J-16: the last step to a new password, when something comes between.</summary>
public abstract class ResetTests(TestIdp idp)
{
    [Fact]
    public async Task A_server_that_is_too_busy_leaves_proof_and_link_for_the_next_try()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        using var browser = idp.Browser();
        var page = await ProveAsync(owner, browser);
        using (var gate = new ManualResetEventSlim())
        {
            var waiting = Block(gate);
            try
            {
                var busy = await browser.SubmitAsync(page, NewPassword, "/reset");
                Assert.Equal((HttpStatusCode.ServiceUnavailable, "Busy"), (busy.Status, ProblemOn(busy)));
            }
            finally
            {
                gate.Set();
                await Task.WhenAll(waiting);
            }
        }

        Assert.Contains("done=yes", (await browser.SubmitAsync(page, NewPassword, "/reset")).Url.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proof_that_is_over_is_called_so_and_the_link_stays_good()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        using var browser = idp.Browser();
        var page = await ProveAsync(owner, browser);
        await idp.ForwardAsync(TimeSpan.FromMinutes(5.1));
        var over = await browser.SubmitAsync(page, NewPassword, "/reset");
        Assert.Equal("ProofOver", ProblemOn(over));
        await owner.CodeIsGoodAgainAsync();
        page = await browser.SubmitAsync(over, new Dictionary<string, string> { ["code"] = owner.Person.CodeAt(idp.Clock) }, "/reset");
        Assert.Contains("done=yes", (await browser.SubmitAsync(page, NewPassword, "/reset")).Url.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_proof_sets_one_password()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        using var browser = idp.Browser();
        var page = await ProveAsync(owner, browser);
        var set = await Race.RunAsync(6, async _ => (await browser.SubmitAsync(page, NewPassword, "/reset")).Url.Query.Contains("done=yes", StringComparison.Ordinal));
        Assert.Single(set, true);
    }

    /// <summary>Bound through another node: this one remembers for three seconds that there was none.</summary>
    [Fact]
    public async Task A_factor_bound_a_moment_ago_is_asked_for_whatever_this_server_remembers()
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        var id = await owner.IdAsync();
        using var browser = idp.Browser();
        var page = await browser.OpenAsync(await LinkAsync(id));
        var before = await idp.Service<Users>().ReadPasswordAsync(id, default);
        await idp.Service<Database>().ExecuteAsync("insert into factor_bindings (id, user_id, factor, sealed, created_at) values (@id, @user, 'totp', @some, 0)", default,
            ("@id", Handles.NewId()), ("@user", id), ("@some", new byte[40]));
        await browser.SubmitAsync(page, NewPassword, "/reset");
        Assert.Equal(before, await idp.Service<Users>().ReadPasswordAsync(id, default));
    }

    private static Dictionary<string, string> NewPassword => new() { ["newPassword"] = "a wholly new password", ["again"] = "a wholly new password" };

    private static string? ProblemOn(Stop at) => at.Page!.QuerySelector("[data-problem]")?.GetAttribute("data-problem");

    private async Task<Stop> ProveAsync(Owner owner, Browser browser)
    {
        var page = await browser.OpenAsync(await LinkAsync(await owner.IdAsync()));
        await owner.CodeIsGoodAgainAsync();
        page = await browser.SubmitAsync(page, new Dictionary<string, string> { ["code"] = owner.Person.CodeAt(idp.Clock) }, "/reset");
        Assert.NotNull(page.Page!.QuerySelector("input[name=newPassword]"));
        return page;
    }

    private async Task<string> LinkAsync(string id) =>
        $"{idp.Issuer}/reset?token=" + await idp.Service<Database>().TransactAsync(lane => idp.Service<PasswordReset>().MakeAsync(lane, id, default), default);

    /// <summary>As many as the server takes.</summary>
    // The threads first, and only when each of them is held the queue: a thread that took from it later would make room again.
    private List<Task<int>> Block(ManualResetEventSlim gate)
    {
        var hashing = idp.Service<HashingThreads>();
        using var held = new CountdownEvent(Environment.ProcessorCount);
        List<Task<int>> waiting = [.. Enumerable.Range(0, held.InitialCount).Select(_ => hashing.RunAsync(() => { held.Signal(); gate.Wait(); return 0; }, default))];
        Assert.True(held.Wait(TimeSpan.FromSeconds(10)));
        try
        {
            while (true)
                waiting.Add(hashing.RunAsync(() => 0, default));
        }
        catch (BusyException)
        {
            return waiting;
        }
    }
}

public sealed class Reset_on_SQLite_and_memory(SqliteAttackHost host) : ResetTests(host.Idp), IClassFixture<SqliteAttackHost>;

[Thorough]
public sealed class Reset_on_PostgreSQL_and_Redis(PostgresAttackHost host) : ResetTests(host.Idp), IClassFixture<PostgresAttackHost>;
