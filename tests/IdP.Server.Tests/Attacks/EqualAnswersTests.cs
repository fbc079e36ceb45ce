using IdP.Server.Accounts;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>Whoever tries names learns none: the same status and the same page for a name that nobody has, a wrong password and an account that is shut, until too many were tried and then too.</summary>
public abstract class EqualAnswersTests(TestIdp idp)
{
    [Fact]
    public async Task Unknown_wrong_and_disabled_are_answered_alike()
    {
        var (known, shut) = (await idp.NewPersonAsync(), await idp.NewPersonAsync());
        var users = idp.Service<Users>();
        var account = (await users.FindByLoginAsync(shut.UserName, default))!;
        await users.SetDisabledAsync(account.Id, true, By.Tool("tests"), default);
        (string Name, string Password)[] tries =
            [(known.UserName, "wrong"), (shut.UserName, shut.Password), (shut.UserName, "wrong"), ("nobody-" + known.UserName, "wrong"), ($"nobody-{known.UserName}@example.com", known.Password)];

        var answers = new List<string[]>();
        foreach (var (name, password) in tries)
        {
            using var browser = idp.Browser();
            var at = await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url);
            var seen = new List<string>();
            // The tries of one name are counted together, whatever password is tried.
            for (var guess = 0; guess < (name == shut.UserName ? 6 : 12); guess++)
            {
                at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = name, ["password"] = password }, "/sign-in");
                seen.Add($"{(int)at.Status} {at.At} {Problem(at)} {at.Page!.QuerySelector("main")!.TextContent.Replace(name, "NAME", StringComparison.Ordinal)}");
            }

            answers.Add([.. seen]);
        }

        Assert.Contains("WrongPassword", answers[0][0], StringComparison.Ordinal);
        Assert.Contains("TooManyTries", answers[0][^1], StringComparison.Ordinal);
        Assert.Equal(answers[0], answers[1].Concat(answers[2]));
        Assert.Equal(answers[0], answers[3]);
        Assert.Equal(answers[0], answers[4]);
    }

    private static string? Problem(Stop at) => at.Page!.QuerySelector("[data-problem]")?.GetAttribute("data-problem");
}

public sealed class Equal_answers_on_SQLite_and_memory(SqliteAttackHost host) : EqualAnswersTests(host.Idp), IClassFixture<SqliteAttackHost>;

[Thorough]
public sealed class Equal_answers_on_PostgreSQL_and_Redis(PostgresAttackHost host) : EqualAnswersTests(host.Idp), IClassFixture<PostgresAttackHost>;
