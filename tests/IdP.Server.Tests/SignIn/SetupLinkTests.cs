using IdP.Server.Accounts;
using IdP.Server.Storage;
using IdP.Server.Tests.Conformance;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>J-50: the link for a first administrator, as whoever holds it meets it.</summary>
public abstract class SetupLinkTests(TestIdp idp)
{
    [Fact]
    public async Task In_time_it_makes_one_administrator_who_can_sign_in()
    {
        using var browser = idp.Browser();
        var link = await MakeAsync();
        await idp.ForwardAsync(TimeSpan.FromMinutes(59));
        var page = await browser.OpenAsync(link);
        var first = NewPerson();
        Assert.Null((await CreateAsync(browser, page, first)).Page!.QuerySelector("form input[name=password]"));
        Assert.True((await idp.Service<Users>().FindByLoginAsync(first.UserName, default))!.IsAdmin);
        using (var theirs = idp.Browser())
            Assert.NotNull((await idp.SignInAsync(theirs, idp.App(TestClient.Calm).Ask(), first)).Answer?["code"]);

        // The page is still in front of somebody, and the link in somebody's log.
        var second = NewPerson();
        Assert.Equal("setup_used", (await CreateAsync(browser, page, second)).PersonError);
        using var other = idp.Browser();
        Assert.Equal("setup_used", (await other.OpenAsync(link)).PersonError);
        Assert.Null(await idp.Service<Users>().FindByLoginAsync(second.UserName, default));
    }

    [Fact]
    public async Task An_hour_later_it_opens_nothing_and_a_page_opened_before_makes_nobody()
    {
        using var browser = idp.Browser();
        var link = await MakeAsync();
        var page = await browser.OpenAsync(link);
        await idp.ForwardAsync(TimeSpan.FromHours(1));
        var late = NewPerson();
        Assert.Equal("setup_used", (await CreateAsync(browser, page, late)).PersonError);
        Assert.Equal("setup_used", (await browser.OpenAsync(link)).PersonError);
        Assert.Null(await idp.Service<Users>().FindByLoginAsync(late.UserName, default));
    }

    private async Task<string> MakeAsync() => (await idp.Service<FirstAdministrator>().MakeLinkAsync("tests", default)).Url;

    private static Person NewPerson() => new("admin-" + Handles.NewId(), "correct horse battery");

    private static Task<Stop> CreateAsync(Browser browser, Stop page, Person person) =>
        browser.SubmitAsync(page, new Dictionary<string, string> { ["userName"] = person.UserName, ["email"] = person.Email, ["password"] = person.Password }, "/setup");
}

[Collection(nameof(OnSqlite))]
public sealed class Setup_link_on_SQLite_and_memory(SqliteHost host) : SetupLinkTests(host.Idp);

[Thorough]
[Collection(nameof(OnPostgres))]
public sealed class Setup_link_on_PostgreSQL_and_Redis(PostgresHost host) : SetupLinkTests(host.Idp);
