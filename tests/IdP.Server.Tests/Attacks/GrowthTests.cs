using IdP.Server.Accounts;
using IdP.Server.DeviceTrust;
using IdP.Server.Storage;
using IdP.Server.Tests.Conformance;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>What somebody repeats, with or without a password, does not fill tables, lists or mailboxes.</summary>
public abstract class GrowthTests(TestIdp idp)
{
    [Fact]
    public async Task Wrong_passwords_of_an_hour_are_one_row_for_each_name()
    {
        await idp.ForwardAsync(TimeSpan.FromSeconds(3601 - (idp.Clock.GetUtcNow().ToUnixTimeSeconds() % 3600)));
        var person = await idp.NewPersonAsync();
        using var browser = idp.Browser();
        var newest = await idp.Service<Database>().FirstAsync("select coalesce(max(id), 0) from audit", row => row.GetInt64(0), default);
        foreach (var name in (string[])[person.UserName, person.UserName.ToUpperInvariant(), person.UserName, "nobody-1", "nobody-2", "nobody-3", "nobody-4"])
        {
            await browser.SubmitAsync(await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url),
                new Dictionary<string, string> { ["userName"] = name, ["password"] = "wrong" }, "/sign-in");
        }

        var rows = await idp.Service<Database>().ListAsync("select user_id, count, at, last_at from audit where action = 'sign-in-failed' and id > @after order by id",
            row => (Known: !row.IsDBNull(0), Count: row.GetInt32(1), Grew: row.GetInt64(3) >= row.GetInt64(2)), default, ("@after", newest));
        Assert.Equal([(true, 3, true), (false, 4, true)], rows);
    }

    [Fact]
    public async Task Refreshing_and_revoking_for_ever_leaves_a_family_one_row()
    {
        var app = idp.App(TestClient.Calm);
        var ask = app.Ask("openid offline_access");
        using var browser = idp.Browser();
        var tokens = (await app.RedeemAsync((await idp.SignInAsync(browser, ask, await idp.NewPersonAsync())).MustAnswer(), ask)).MustSucceed();
        var before = await CountAsync();
        List<string> revoked = [];
        for (var round = 0; round < 30; round++)
        {
            revoked.Add(tokens.AccessToken);
            Assert.Equal(200, (await app.PostAsync("/connect/revocation", new Dictionary<string, string> { ["token"] = tokens.AccessToken })).Status);
            var next = await app.RefreshAsync(tokens.RefreshToken);
            if (next.Status != 200)
                break;
            tokens = next;
            await idp.ForwardAsync(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(revoked.Count, 2, 29);
        Assert.Equal(before + 1, await CountAsync());
        foreach (var token in revoked)
            Assert.False(await app.IsActiveAsync(token));

        Task<long> CountAsync() => idp.Service<Database>().FirstAsync("select count(*) from revocations", row => row.GetInt64(0), default);
    }

    [Fact]
    public async Task New_browsers_are_told_by_five_mails_a_day()
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        var id = await owner.IdAsync();
        await ArriveAsync(8);
        Assert.Equal(5, await MailsAsync());
        await idp.ForwardAsync(TimeSpan.FromHours(25));
        await ArriveAsync(1);
        Assert.Equal(6, await MailsAsync());

        async Task ArriveAsync(int browsers)
        {
            for (var n = 0; n < browsers; n++)
            {
                await idp.Service<Database>().TransactAsync(async lane =>
                {
                    await idp.Service<KnownBrowsers>().SeenAsync(lane, id, [Handles.New()], By.Tool("tests") with { Actor = id }, default);
                    return true;
                }, default);
            }
        }

        Task<long> MailsAsync() => idp.Service<Database>().FirstAsync("select count(*) from outbox where user_id = @user and kind = 'new-browser'",
            row => row.GetInt64(0), default, ("@user", id));
    }
}

[Collection(nameof(OnSqlite))]
public sealed class Growth_on_SQLite_and_memory(SqliteHost host) : GrowthTests(host.Idp);

[Thorough]
[Collection(nameof(OnPostgres))]
public sealed class Growth_on_PostgreSQL_and_Redis(PostgresHost host) : GrowthTests(host.Idp);
