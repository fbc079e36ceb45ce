using System.Text.RegularExpressions;
using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Tests.SignIn;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Recovery;

/// <summary>
/// J-16 where the account's own mailbox is one of ours, and opens with the password that was lost: the link goes to the backup address, which then proves
/// nothing more.
/// </summary>
public abstract partial class BackupResetTests(TestIdp idp)
{
    private static readonly Dictionary<string, string> NewPassword = new() { ["newPassword"] = "a wholly new password", ["again"] = "a wholly new password" };

    [Fact]
    public async Task The_link_goes_to_the_backup_address_and_another_factor_is_asked_for()
    {
        var person = await FactorPerson.AddAsync(idp, "totp", "email");
        var link = await AskAsync(person, person.Mailbox);
        Assert.DoesNotContain(idp.Postbox.Delivered, mail => mail.Recipient == person.Person.Email);

        using var browser = idp.Browser();
        var at = await browser.OpenAsync(link);
        Assert.Equal("totp", at.Page!.QuerySelector("[data-factor]")!.GetAttribute("data-factor"));
        Assert.Empty(at.Page.QuerySelectorAll("details a"));
        // Whoever reads the backup mailbox has the link; a code mailed there would be the same thing twice.
        foreach (var way in (string[])["&with=email", "&with=email", ""])
            at = await browser.SendCodeAsync(await browser.OpenAsync(link + way));
        await browser.PostAsync(link.Replace("/reset", "/reset/again", StringComparison.Ordinal) + "&with=email", Browser.Fields(at.Form()));
        Assert.Equal(1, person.Mails);
        Assert.Equal("totp", at.Page!.QuerySelector("[data-factor]")!.GetAttribute("data-factor"));

        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = await person.CodeAsync("totp") }, "/reset");
        Assert.Contains("done=yes", (await browser.SubmitAsync(at, NewPassword, "/reset")).Url.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_has_no_other_factor_is_sent_to_an_operator()
    {
        var person = await FactorPerson.AddAsync(idp, "email");
        var link = await AskAsync(person, person.Mailbox);
        using var browser = idp.Browser();
        Assert.Equal("no_other_step", (await browser.OpenAsync(link)).PersonError);
        var csrf = Browser.Fields((await browser.VisitAsync("/forgot")).Form())["__csrf"];
        Assert.Equal("no_other_step", (await browser.PostAsync(link, [new("__csrf", csrf), .. NewPassword])).PersonError);
        Assert.Equal(1, person.Mails);
    }

    [Fact]
    public async Task A_recovery_code_is_enough_beside_the_backup_address()
    {
        var person = await FactorPerson.AddAsync(idp, "email", "recovery");
        using var browser = idp.Browser();
        var at = await browser.OpenAsync(await AskAsync(person, person.Mailbox));
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = await person.CodeAsync("recovery") }, "/reset");
        Assert.Contains("done=yes", (await browser.SubmitAsync(at, NewPassword, "/reset")).Url.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_to_a_backup_address_that_was_taken_away_since_is_over()
    {
        var person = await FactorPerson.AddAsync(idp, "totp", "email");
        var link = await AskAsync(person, person.Mailbox);
        await idp.Service<FactorBindings>().RemoveAsync(person.Id, (await person.BindingAsync("email")).Id, By.Tool("tests"), default);
        using var browser = idp.Browser();
        Assert.Equal("link_used", (await browser.OpenAsync(link)).PersonError);
    }

    /// <summary>Elsewhere the mailbox has a password of its own: the link goes there, and the backup address is a second factor.</summary>
    [Fact]
    public async Task An_account_with_its_mailbox_elsewhere_gets_the_link_there()
    {
        var person = await FactorPerson.AddAsync(idp, "email");
        var (users, own) = (idp.Service<Users>(), $"{person.UserName}@own.example");
        var record = (await users.FindByLoginAsync(person.UserName, default))!;
        Assert.True(await users.UpdateAsync(person.Id, record with { Email = own }, By.Tool("tests") with { SettingUp = true }, default));
        using var browser = idp.Browser();
        var at = await browser.SendCodeAsync(await browser.OpenAsync(await AskAsync(person, own)));
        Assert.NotNull((await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = await person.CodeAsync() }, "/reset"))
            .Page!.QuerySelector("input[name=newPassword]"));
    }

    [Fact]
    public async Task Without_a_backup_address_the_link_goes_to_the_account_whatever_its_domain()
    {
        var person = await FactorPerson.AddAsync(idp, "totp");
        Assert.Contains("token=", await AskAsync(person, $"{person.UserName}@example.com"), StringComparison.Ordinal);
    }

    private async Task<string> AskAsync(FactorPerson person, string address)
    {
        using var browser = idp.Browser();
        await browser.SubmitAsync(await browser.VisitAsync("/forgot"), new Dictionary<string, string> { ["userName"] = person.UserName }, "/forgot");
        return Link().Match((await idp.Postbox.ReceiveAsync(address, "/reset?token=")).Text).Value;
    }

    [GeneratedRegex(@"/reset\?token=\S+")]
    private static partial Regex Link();
}

public sealed class Backup_reset_on_SQLite_and_memory(SqliteFactorHost host) : BackupResetTests(host.Idp), IClassFixture<SqliteFactorHost>;

[Thorough]
public sealed class Backup_reset_on_PostgreSQL_and_Redis(PostgresFactorHost host) : BackupResetTests(host.Idp), IClassFixture<PostgresFactorHost>;
