using System.Text;
using System.Text.RegularExpressions;
using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Mail;
using IdP.Server.Storage;
using IdP.Server.Tests.Attacks;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Recovery;

/// <summary>
/// "This was not me" puts the second factors back to what they were: for the owner against a thief who changed them, and never for somebody who only reads
/// the owner's mail (decision 009).
/// </summary>
public abstract partial class TakingBackTests(TestIdp idp)
{
    private const string Fresh = "a wholly new password";

    public static TheoryData<string, bool> ChangesAndOrders
    {
        get
        {
            var table = new TheoryData<string, bool>();
            foreach (var change in (string[])["rebind", "unbind", "new phone, then the old one away", "old phone away, then the new one", "away, back and rebound"])
            {
                table.Add(change, true);
                table.Add(change, false);
            }

            return table;
        }
    }

    [Theory, MemberData(nameof(ChangesAndOrders))]
    public async Task Whoever_only_reads_the_mail_sets_no_password_after_any_change_of_factors(string change, bool newestFirst)
    {
        using var owner = await Owner.WithOtpAsync(idp);
        await owner.MakeCodesAsync();
        var old = await owner.BindingAsync("totp");
        switch (change)
        {
            case "rebind":
                await BindAsync(owner, old.Id);
                break;
            case "unbind":
                await UnbindAsync(owner, old.Id);
                break;
            case "new phone, then the old one away":
                await BindAsync(owner);
                await UnbindAsync(owner, old.Id);
                break;
            case "old phone away, then the new one":
                await UnbindAsync(owner, old.Id);
                await BindAsync(owner);
                break;
            default:
                await UnbindAsync(owner, old.Id);
                await BindAsync(owner);
                await BindAsync(owner, (await owner.BindingAsync("totp")).Id);
                break;
        }

        var links = await LinksAsync(owner);
        Assert.NotEmpty(links);
        using var reader = idp.Browser();
        foreach (var link in newestFirst ? links.Reverse() : links)
        {
            var reset = await PressAsync(reader, link);
            Assert.True(reset.At == "/reset" && reset.Page!.QuerySelector("input[name=code]") is not null, reset.Describe());
            await reader.PostAsync(reset.Url.PathAndQuery, [.. Browser.Fields(reset.Form()).Where(field => field.Key != "code"), new("newPassword", Fresh), new("again", Fresh)]);
            Assert.Contains(await owner.BindingsAsync(), binding => binding.Factor == "totp");
        }

        Assert.Null(await idp.Service<Users>().ReadPasswordAsync(await owner.IdAsync(), default));
    }

    [Theory, InlineData("rebinds"), InlineData("binds two"), InlineData("unbinds"), InlineData("unbinds and binds")]
    public async Task Whatever_a_thief_did_since_the_owner_has_what_they_had_and_the_reset_asks_for_it(string deed)
    {
        using var thief = await Owner.WithOtpAsync(idp);
        var codes = await thief.MakeCodesAsync();
        var had = (await thief.BindingsAsync()).Select(binding => binding.Id).ToHashSet();
        var (secret, old) = (thief.Person.TotpSecret, await thief.BindingAsync("totp"));
        var known = (await LinksAsync(thief)).Length;
        switch (deed)
        {
            case "rebinds":
                await BindAsync(thief, old.Id);
                break;
            case "binds two":
                await BindAsync(thief);
                await BindAsync(thief);
                break;
            case "unbinds":
                await UnbindAsync(thief, old.Id);
                break;
            default:
                await UnbindAsync(thief, old.Id);
                await BindAsync(thief);
                break;
        }

        using var owner = idp.Browser();
        var reset = await PressAsync(owner, (await LinksAsync(thief))[known]);
        Assert.Equal(had, (await thief.BindingsAsync()).Select(binding => binding.Id).ToHashSet());
        Assert.Equal("/sign-in", (await thief.Browser.VisitAsync("/account")).At);

        if (thief.Person.TotpSecret != secret)
        {
            reset = await owner.SubmitAsync(reset, new Dictionary<string, string> { ["code"] = thief.Person.CodeAt(idp.Clock) }, "/reset");
            Assert.Equal("WrongCode", ProblemOn(reset));
        }

        // The codes on paper are the owner's again too.
        reset = await owner.VisitAsync($"/reset?token={Browser.ParseQuery(reset.Url.Query).First(pair => pair.Key == "token").Value}&with=recovery");
        reset = await owner.SubmitAsync(reset, new Dictionary<string, string> { ["code"] = codes[0] }, "/reset");
        Assert.Contains("done=yes", (await owner.SubmitAsync(reset, NewPassword, "/reset")).Url.Query, StringComparison.Ordinal);
        await thief.CodeIsGoodAgainAsync();
        using var browser = idp.Browser();
        Assert.NotNull((await idp.SignInAsync(browser, idp.App(TestClient.Web).Ask(), thief.Person with { Password = Fresh, TotpSecret = secret })).Answer);
    }

    [Fact]
    public async Task The_notice_of_the_sign_in_takes_back_all_that_came_after_it()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        var old = await owner.BindingAsync("totp");
        using var thief = await owner.ElsewhereAsync();
        var link = Assert.Single(await LinksAsync(owner));
        await BindAsync(thief);
        await UnbindAsync(thief, old.Id);

        using var browser = idp.Browser();
        var reset = await PressAsync(browser, link);
        Assert.NotNull(reset.Page!.QuerySelector("input[name=code]"));
        Assert.Equal(old.Id, Assert.Single(await owner.BindingsAsync()).Id);
        Assert.Equal("/sign-in", (await thief.Browser.VisitAsync("/account")).At);
    }

    [Fact]
    public async Task A_step_that_was_used_stays_used_when_its_app_comes_back()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        var secret = owner.Person.TotpSecret;
        var code = owner.Person.CodeAt(idp.Clock);
        await BindAsync(owner, (await owner.BindingAsync("totp")).Id);
        using var browser = idp.Browser();
        var reset = await PressAsync(browser, Assert.Single(await LinksAsync(owner)));
        reset = await browser.SubmitAsync(reset, new Dictionary<string, string> { ["code"] = Otp.CodeAt(secret!, idp.Clock.GetUtcNow()) }, "/reset");
        // The clock may have come to the next step meanwhile: then the code is another one, and good.
        Assert.True(ProblemOn(reset) == "CodeUsed" || code != Otp.CodeAt(secret!, idp.Clock.GetUtcNow()), reset.Describe());
    }

    [Fact]
    public async Task An_app_that_was_taken_away_proves_nobody_while_it_could_come_back()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        var gone = owner.Person;
        await BindAsync(owner, (await owner.BindingAsync("totp")).Id);
        await owner.CodeIsGoodAgainAsync();
        using var browser = idp.Browser();
        var at = await idp.SignInAsync(browser, idp.App(TestClient.Web).Ask(), gone);
        Assert.Equal(("/verify", "WrongCode"), (at.At, ProblemOn(at)));
    }

    [Fact]
    public async Task Where_nothing_can_be_brought_back_the_account_is_shut_and_the_operator_asked()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        await BindAsync(owner, (await owner.BindingAsync("totp")).Id);
        var now = Assert.Single(await owner.BindingsAsync()).Id;
        var link = Assert.Single(await LinksAsync(owner));
        await idp.Service<Database>().ExecuteAsync("delete from former_bindings where user_id = @user", default, ("@user", await owner.IdAsync()));

        using var reader = idp.Browser();
        var at = await PressAsync(reader, link);
        Assert.Equal("ask_operator", at.PersonError);
        Assert.Equal(now, Assert.Single(await owner.BindingsAsync()).Id);
        Assert.Null(await idp.Service<Users>().ReadPasswordAsync(await owner.IdAsync(), default));
        Assert.Equal("/sign-in", (await owner.Browser.VisitAsync("/account")).At);
        Assert.Equal(0, await idp.Service<Database>().FirstAsync("select count(*) from one_time_links where user_id = @user and purpose = 'password-reset' and used_at is null",
            row => row.GetInt64(0), default, ("@user", await owner.IdAsync())));
    }

    [Fact]
    public async Task What_an_operator_unbound_no_mail_brings_back()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        using (await owner.ElsewhereAsync())
        {
        }

        var link = Assert.Single(await LinksAsync(owner));
        var (id, bindings) = (await owner.IdAsync(), idp.Service<FactorBindings>());
        await bindings.RemoveAsync(id, (await owner.BindingAsync("totp")).Id, By.Tool("cli"), default);
        var given = (await bindings.AddAsync(id, new("totp", null, "{\"secret\":\"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\"}"u8.ToArray()), By.Tool("cli"), default))!;
        Assert.Single(await LinksAsync(owner));

        using var reader = idp.Browser();
        Assert.Equal("ask_operator", (await PressAsync(reader, link)).PersonError);
        Assert.Equal(given.Id, Assert.Single(await owner.BindingsAsync()).Id);
    }

    [Fact]
    public async Task Of_another_backup_address_the_old_the_new_and_the_accounts_own_are_told_and_the_last_can_undo_it()
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        var (id, bindings, by) = (await owner.IdAsync(), idp.Service<FactorBindings>(), new By(await owner.IdAsync()));
        var (first, second) = ($"first-{id}@elsewhere.example".ToLowerInvariant(), $"second-{id}@elsewhere.example".ToLowerInvariant());
        var bound = (await bindings.AddAsync(id, Address(first), by, default))!;
        var rebound = (await bindings.AddAsync(id, Address(second), by, default, bound.Id))!;
        await bindings.RemoveAsync(id, rebound.Id, by, default);

        Assert.Equal(3, (await MailsAsync(owner.Person.Email)).Count(text => text.Contains("/not-me", StringComparison.Ordinal)));
        foreach (var address in (string[])[first, second])
        {
            var told = await MailsAsync(address);
            Assert.Equal(2, told.Count);
            Assert.All(told, text => Assert.DoesNotContain("/not-me", text, StringComparison.Ordinal));
        }

        static NewBinding Address(string address) => new("email", null, Encoding.UTF8.GetBytes(address));
    }

    private static Dictionary<string, string> NewPassword => new() { ["newPassword"] = Fresh, ["again"] = Fresh };

    private static string? ProblemOn(Stop at) => at.Page!.QuerySelector("[data-problem]")?.GetAttribute("data-problem");

    private static async Task<Stop> PressAsync(Browser browser, string link) =>
        await browser.SubmitAsync(await browser.OpenAsync(link), new Dictionary<string, string>(), "/not-me");

    private async Task BindAsync(Owner owner, string? replaces = null)
    {
        idp.Clock.Forward(TimeSpan.FromSeconds(1));
        await owner.BindOtpAsync(replaces);
    }

    private async Task UnbindAsync(Owner owner, string id)
    {
        idp.Clock.Forward(TimeSpan.FromSeconds(1));
        var page = await owner.OpenGuardedAsync("/account/two-step/unbind?id=" + id);
        Assert.Equal("/account/two-step", (await owner.Browser.SubmitAsync(page, new Dictionary<string, string>(), "/account/two-step/unbind")).At);
    }

    /// <summary>Oldest first; the notice of the recovery codes made at the start of a test is one of them.</summary>
    private async Task<string[]> LinksAsync(Owner owner) =>
        [.. (await MailsAsync(owner.Person.Email)).Select(text => Link().Match(text)).Where(match => match.Success).Select(match => match.Value)];

    private async Task<List<string>> MailsAsync(string address) =>
        [.. (await idp.Service<Outbox>().NewestAsync(2000, default)).Where(mail => mail.Recipient == address).Select(mail => mail.Words!.Text).Reverse()];

    [GeneratedRegex(@"http://\S+/not-me\?token=\S+")]
    private static partial Regex Link();
}

[Thorough]
public sealed class Taking_back_on_SQLite_and_memory(SqliteAttackHost host) : TakingBackTests(host.Idp), IClassFixture<SqliteAttackHost>;

public sealed class Taking_back_on_PostgreSQL_and_Redis(PostgresAttackHost host) : TakingBackTests(host.Idp), IClassFixture<PostgresAttackHost>;
