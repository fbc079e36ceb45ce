using IdP.Server.Factors.BackupEmail;
using IdP.Server.SignIn;
using Microsoft.Playwright;

namespace IdP.Journeys.Account;

/// <summary>J-15: each trouble has its own calm sentence and a way on.</summary>
public abstract class TroubleJourneys(MailingJourneyHost host) : AccountJourney(host)
{
    /// <summary>A wrong password, a wrong code, one used before; a reload, the back button and a second tab keep working.</summary>
    [Theory, Languages]
    public async Task Mistakes_are_told_calmly_and_nothing_is_lost(string language)
    {
        await using var me = await StartAsync(language, (await BoundAsync()).Person, signIn: false);
        var page = me.Page;
        await me.SignInAsync();
        await page.ArrivesAsync("/verify");

        await using var again = await StartAsync(language, me.Person, signIn: false);
        page = again.Page;
        await page.GotoAsync(Idp.App(IdP.Server.Tests.Support.TestClient.Web).Ask().Url);
        await page.GivePasswordAsync(me.Person with { Password = "not the right one" });
        await IsToldAsync(again, ProblemKind.WrongPassword);
        await page.GivePasswordAsync(me.Person);
        await page.ArrivesAsync("/verify");
        var there = page.Url;
        await page.GiveCodeAsync(me.Person.WrongCodeAt(Idp.Clock));
        await IsToldAsync(again, ProblemKind.WrongCode);
        await page.GotoAsync(there);
        await page.ReloadAsync();
        var tab = await page.Context.NewPageAsync();
        await tab.GotoAsync(there);
        await tab.Locator("input[name=code]").WaitForAsync();
        await page.GoBackAsync();
        await page.GotoAsync(there);
        // Just before: a code that is too old is wrong, used or not.
        await page.GiveCodeAsync(await UseAsync(me));
        await IsToldAsync(again, ProblemKind.CodeUsed);
        await GiveOtpAsync(again);
        await again.LeavesAsync();
    }

    /// <summary>The question was open for too long: a fresh code is on its way already.</summary>
    [Theory, Languages]
    public async Task A_mailed_code_that_is_too_old_is_followed_by_a_new_one(string language)
    {
        var owner = await BoundAsync("email");
        await using var me = await StartAsync(language, owner.Person, signIn: false);
        await me.SignInAsync();
        await me.Page.ArrivesAsync("/verify");
        await me.UnfoldAsync(() => SignInTexts.OtherWay);
        await me.PressAsync(() => BackupEmailTexts.Table.Get("Name"));
        await me.Page.Locator("[data-factor=email]").WaitForAsync();
        var old = await MailedCodeAsync(owner.Mailbox, after: 0);
        Idp.Clock.Forward(TimeSpan.FromMinutes(5.1));
        await me.Page.GiveCodeAsync(old);
        await IsToldAsync(me, ProblemKind.CodeExpired);
        await me.Page.GiveCodeAsync(await MailedCodeAsync(owner.Mailbox, after: 1));
        await me.LeavesAsync();
    }

    /// <summary>Ten guesses, then this factor rests; another one is a way on at once.</summary>
    [Theory, Languages]
    public async Task After_too_many_codes_another_way_is_open(string language)
    {
        var owner = await BoundAsync("email");
        await using var me = await StartAsync(language, owner.Person, signIn: false);
        await me.SignInAsync();
        await me.Page.ArrivesAsync("/verify");
        for (var tries = 0; tries < 10; tries++)
        {
            await me.Page.GiveCodeAsync(owner.Person.WrongCodeAt(Idp.Clock));
            await IsToldAsync(me, ProblemKind.WrongCode);
        }

        await me.Page.GiveCodeAsync(owner.Person.WrongCodeAt(Idp.Clock));
        await IsToldAsync(me, ProblemKind.TooManyTries, 10);
        await me.PressAsync(() => BackupEmailTexts.Table.Get("Name"));
        await me.Page.GiveCodeAsync(await MailedCodeAsync(owner.Mailbox, after: 0));
        await me.LeavesAsync();
    }

    /// <summary>The same words whether or not there is such an account.</summary>
    [Theory, Languages]
    public async Task After_too_many_passwords_the_page_says_how_long_to_wait(string language)
    {
        await using var me = await StartAsync(language, signIn: false);
        me.Person = me.Person with { UserName = "nobody." + me.Person.UserName };
        await me.SignInAsync();
        for (var tries = 1; tries < 10; tries++)
        {
            await IsToldAsync(me, ProblemKind.WrongPassword);
            await me.Page.GivePasswordAsync(me.Person);
        }

        await IsToldAsync(me, ProblemKind.WrongPassword);
        await me.Page.GivePasswordAsync(me.Person);
        await IsToldAsync(me, ProblemKind.TooManyTries, 10);
        // A way on: to set a new one, or back to the app.
        await me.Page.GetByText(me.Words(() => SignInTexts.Forgot)).WaitForAsync();
        await me.PressAsync(() => SignInTexts.Cancel("The web app"));
    }

    private async Task<string> UseAsync(Visitor me)
    {
        Idp.Clock.Forward(TimeSpan.FromSeconds(31));
        var used = me.Person.CodeAt(Idp.Clock);
        await me.SayAsync("code", used);
        await me.LeavesAsync();
        return used;
    }

    /// <summary>As a new page: the sentence of the try before must have gone.</summary>
    private static async Task IsToldAsync(Visitor me, ProblemKind kind, int number = 0)
    {
        var told = me.Page.Locator($"[role=alert][data-problem={kind}]:not([data-read])");
        await told.WaitForAsync();
        Assert.Equal(me.Words(() => SignInTexts.Of(new Problem(kind, number))), await told.InnerTextAsync());
        await told.EvaluateAsync("told => told.dataset.read = ''");
    }
}

[Collection(nameof(MailingOnSqlite))]
public sealed class Trouble_on_SQLite_and_memory(SqliteMailingJourneyHost host) : TroubleJourneys(host);

[Collection(nameof(MailingOnPostgres))]
public sealed class Trouble_on_PostgreSQL_and_Redis(PostgresMailingJourneyHost host) : TroubleJourneys(host);
