using System.Diagnostics;
using IdP.Server.Accounts;
using IdP.Server.Accounts.CommonPasswords;
using IdP.Server.Recovery;
using IdP.Server.Storage;
using IdP.Server.Tests.Conformance;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Settings;

/// <summary>Which passwords are refused, and that they are wherever one is set.</summary>
[Collection(nameof(OnSqlite))]
public sealed class PasswordPolicyTests(SqliteHost host)
{
    private static readonly string[] Names = ["alice.liddell", "alice@wonderland.example", "Alice Liddell"];

    private readonly TestIdp idp = host.Idp;

    [Theory]
    [InlineData("short", nameof(PasswordWeakness.TooShort))]
    [InlineData("password", nameof(PasswordWeakness.Common))]
    [InlineData("PASSWORD", nameof(PasswordWeakness.Common))]
    [InlineData("12345678", nameof(PasswordWeakness.Common))]
    [InlineData("ｐａｓｓｗｏｒｄ", nameof(PasswordWeakness.Common))]
    [InlineData("qwertyuiop", nameof(PasswordWeakness.Common))]
    [InlineData("alice.liddell", nameof(PasswordWeakness.OwnName))]
    [InlineData("Alice@Wonderland.example", nameof(PasswordWeakness.OwnName))]
    [InlineData("liddell-alice-1", nameof(PasswordWeakness.OwnName))]
    [InlineData("alicealice2026", nameof(PasswordWeakness.Guessable))]
    [InlineData("P@ssw0rd1!", nameof(PasswordWeakness.Guessable))]
    [InlineData("aaaaaaaaaaaaaaaaaaaa", nameof(PasswordWeakness.Guessable))]
    [InlineData("Summer2026!", nameof(PasswordWeakness.Guessable))]
    public void What_guessers_try_first_is_refused(string password, string weakness)
    {
        var fault = PasswordPolicy.Check(password, 8, Names);
        Assert.Equal(weakness, fault?.Weakness.ToString());
        Assert.DoesNotContain(password, fault!.Reason, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("correct horse battery")]
    [InlineData("an entirely new password")]
    [InlineData("x7-kw-q9-zt")]
    [InlineData("四只大象在屋顶上喝茶")]
    [InlineData("alice drinks lukewarm tea upstairs")]
    public void What_takes_many_guesses_is_taken_whatever_it_is_made_of(string password) => Assert.Null(PasswordPolicy.Check(password, 8, Names));

    [Fact]
    public void The_list_holds_what_it_should_and_a_long_password_is_looked_at_quickly()
    {
        Assert.True(CommonPasswordList.Read().Count() >= 30_000);
        PasswordPolicy.Check("correct horse battery", 8, Names);
        var watch = Stopwatch.StartNew();
        PasswordPolicy.Check(string.Concat(Enumerable.Repeat("p4ssw0rd-Qwerty-1999 ", 45)), 8, Names);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task A_weak_password_is_refused_at_each_page_that_sets_one()
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        var id = await owner.IdAsync();
        var reset = await idp.Service<Database>().TransactAsync(lane => idp.Service<PasswordReset>().MakeAsync(lane, id, default), default);
        var setup = (await idp.Service<FirstAdministrator>().MakeLinkAsync("tests", default)).Url;
        foreach (var (weak, problem) in ((string, string)[])
            [("password", "PasswordCommon"), (owner.Person.UserName + "!", "PasswordOwnName"), ("Summer2026!", "PasswordGuessable"), ("short", "PasswordTooShort")])
        {
            Dictionary<string, string> fresh = new() { ["newPassword"] = weak, ["again"] = weak };
            await SaysAsync("/account/password", "/account/password", new(fresh) { ["password"] = owner.Person.Password });
            await SaysAsync("/reset?token=" + reset, "/reset", fresh);
            await SaysAsync(setup, "/setup", new() { ["userName"] = owner.Person.UserName, ["email"] = "", ["password"] = weak });

            async Task SaysAsync(string page, string form, Dictionary<string, string> fields)
            {
                var at = await owner.Browser.SubmitAsync(await owner.Browser.VisitAsync(page), fields, form);
                Assert.Equal(problem, at.Page!.QuerySelector("[data-problem]")?.GetAttribute("data-problem"));
                Assert.Equal(problem != "PasswordTooShort", at.Page.QuerySelector("meter[max='4'][aria-label]") is not null);
                Assert.Contains("no-store", at.Trail[^1].Head["Cache-Control"], StringComparison.Ordinal);
            }
        }

        Assert.NotNull(await idp.Service<Users>().CheckPasswordAsync(id, owner.Person.Password, default));
    }
}
