using System.Collections.Concurrent;
using System.Security.Cryptography;
using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.StepUp;
using IdP.Server.Storage;
using IdP.Server.Tests.Attacks;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>J-14 through the front door: after the password a factor is chosen and bound, then the app is answered, and nothing before.</summary>
public abstract class ForcedBindingTests(TestIdp idp)
{
    private static readonly Dictionary<string, string> Nothing = [];
    /// <summary>Groups that must bind, by server and by how often that can be put off: a policy of its own for each test would have each wait for it.</summary>
    private static readonly ConcurrentDictionary<(string, int), Lazy<Task<string>>> Demanding = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Moves =>
    [
        "get /connect/continue", "get /verify", "get /consent", "get /sign-in", "post /bind", "post /bind code=", "post /bind code=000000", "post /bind/skip", "post /bind/choose",
        "post /bind/choose factor=none", "post /bind/choose factor=email", "post /bind/other", "post /bind/again", "post /verify code=000000", "post /verify/other factor=totp",
        "post /consent decision=allow", "choose, then post /bind code=000000", "choose, then other browser", "no csrf",
        "get /account", "get /account/profile", "get /account/two-step", "get /account/two-step/bind?factor=totp", "get /account/confirm?action=bind:totp", "get /account/password",
        "get /account/sessions", "get /account/devices", "get /account/return", "post /account/profile name=Nobody", "post /account/two-step/prefer factor=totp",
        "post /account/two-step/bind/offer?factor=totp", "post /account/confirm?action=bind:totp password=ME", "post /account/password password=ME newPassword=another-one-altogether again=another-one-altogether",
        "post /account/sessions/others",
    ];

    [Fact]
    public async Task A_person_binds_inside_the_sign_in_and_goes_on_with_a_true_second_factor()
    {
        var person = await DemandedAsync(skips: 0);
        using var browser = idp.Browser();
        var web = idp.App(TestClient.Web);
        var ask = web.Ask();
        var at = await PasswordAsync(browser, ask, person);
        Assert.Equal("/bind", at.At);
        Assert.Null(at.Page!.QuerySelector("form[action*='/bind/skip']"));
        var secret = await browser.OfferOtpAsync(at);
        Assert.NotNull(secret.At.Page!.QuerySelector("svg.qr path"));

        var wrong = await browser.SubmitAsync(secret.At, Code((person with { TotpSecret = secret.Key }).WrongCodeAt(idp.Clock)), "/bind");
        Assert.Equal("WrongCode", Problem(wrong));
        var done = await browser.SubmitAsync(wrong, Code(Otp.CodeAt(secret.Key, idp.Clock.GetUtcNow())), "/bind");
        var id = await idp.ReadAsync((await web.RedeemAsync(done.MustAnswer(), ask)).MustSucceed().IdToken, TestClient.Web.Id);
        Assert.Equal(("mfa", "pwd otp mfa"), (id.Acr, string.Join(' ', id.Amr)));

        // The next time it is asked for, and the code that bound it is not good once more.
        using var other = idp.Browser();
        var again = await PasswordAsync(other, web.Ask(), person);
        Assert.Equal("/verify", again.At);
        Assert.Equal("CodeUsed", Problem(await other.SubmitAsync(again, Code(Otp.CodeAt(secret.Key, idp.Clock.GetUtcNow())), "/verify")));
    }

    /// <summary>J-27 under a policy: refused with the reason, on the page and by post, proven or not; another of the kind makes it free.</summary>
    [Fact]
    public async Task The_last_factor_that_a_policy_demands_stays()
    {
        var person = await DemandedAsync(skips: 0);
        using var browser = idp.Browser();
        var offered = await browser.OfferOtpAsync(await PasswordAsync(browser, idp.App(TestClient.Web).Ask(), person));
        await browser.SubmitAsync(offered.At, Code(Otp.CodeAt(offered.Key, idp.Clock.GetUtcNow())), "/bind");
        var id = (await idp.Service<Users>().FindByLoginAsync(person.UserName, Cancel))!.Id;
        var binding = Assert.Single(await ListAsync(id));

        var page = await browser.VisitAsync("/account/two-step/unbind?id=" + binding);
        Assert.NotNull(page.Page!.QuerySelector("[data-forbidden]"));
        var csrf = Browser.Fields((await browser.VisitAsync("/account/profile")).Form())["__csrf"];
        await browser.PostAsync("/account/two-step/unbind?id=" + binding, [new("__csrf", csrf)]);
        Assert.Equal(binding, Assert.Single(await ListAsync(id)));

        await idp.Service<FactorBindings>().AddAsync(id, new("totp", null, [1]), By.Tool("tests"), Cancel);
        Assert.Null((await browser.VisitAsync("/account/two-step/unbind?id=" + binding)).Page!.QuerySelector("[data-forbidden]"));
    }

    [Fact]
    public async Task Skips_are_counted_once_and_for_all()
    {
        var person = await DemandedAsync(skips: 2);
        for (var left = 2; left > 0; left--)
        {
            using var browser = idp.Browser();
            var at = await PasswordAsync(browser, idp.App(TestClient.Web).Ask(), person);
            Assert.Contains(left.ToString(System.Globalization.CultureInfo.InvariantCulture), at.Page!.QuerySelector("#skips")!.TextContent, StringComparison.Ordinal);
            Assert.NotNull((await browser.SubmitAsync(at, Nothing, "/bind/skip")).Answer?["code"]);
            // For the session's life; the next app costs none.
            Assert.NotNull((await browser.OpenAsync(idp.App(TestClient.Calm).Ask().With("prompt", "none").Url)).MustAnswer()["code"]);
        }

        var user = await idp.Service<Users>().FindByLoginAsync(person.UserName, Cancel);
        await idp.Service<Users>().UnlockAsync(user!.Id, "cli", Cancel);
        await idp.Service<FactorBindings>().AddAsync(user.Id, new("totp", null, [1]), By.Tool("cli"), Cancel);
        foreach (var binding in await ListAsync(user.Id))
            await idp.Service<FactorBindings>().RemoveAsync(user.Id, binding, By.Tool("cli"), Cancel);
        using var last = idp.Browser();
        var none = await PasswordAsync(last, idp.App(TestClient.Web).Ask(), person);
        Assert.Equal("/bind", none.At);
        Assert.Null(none.Page!.QuerySelector("form[action*='/bind/skip']"));
        Assert.Equal("/bind", (await last.PostAsync("/bind/skip" + none.Url.Query, [new("__csrf", Browser.Fields(none.Form())["__csrf"])])).At);
    }

    [Fact]
    public async Task Of_64_who_put_it_off_at_once_as_many_win_as_there_are_skips()
    {
        var person = await DemandedAsync(skips: 3);
        var user = (await idp.Service<Users>().FindByLoginAsync(person.UserName, Cancel))!;
        var answers = await Race.RunAsync(64, _ => idp.Service<BindingPolicies>().SkipAsync(user.Id, 3, By.Tool("test"), Cancel));
        Assert.Equal(3, answers.Count(won => won));
    }

    [Fact]
    public async Task A_session_from_before_the_policy_answers_nothing_and_is_not_enough_to_bind()
    {
        var group = NewGroup();
        var person = await PersonAsync(group);
        using var browser = idp.Browser();
        Assert.NotNull((await PasswordAsync(browser, idp.App(TestClient.Calm).Ask(), person)).Answer?["code"]);
        await SaveAsync(new BindingPolicy { Name = group, Groups = [group] });
        Assert.Equal("interaction_required", (await browser.OpenAsync(idp.App(TestClient.Calm).Ask().With("prompt", "none").Url)).MustAnswer()["error"]);
        Assert.Equal("/sign-in", (await browser.OpenAsync(idp.App(TestClient.Calm).Ask().Url)).At);
        foreach (var own in (string[])["/account", "/account/two-step/bind?factor=totp", "/account/confirm?action=bind:totp", "/account/password"])
            Assert.Equal("/sign-in", (await browser.VisitAsync(own)).At);
    }

    [Fact]
    public async Task A_policy_asks_its_group_at_its_clients_from_its_day_and_nobody_else()
    {
        var group = NewGroup();
        var (member, stranger) = (await PersonAsync(group), await PersonAsync(NewGroup()));
        await SaveAsync(new BindingPolicy { Name = group, Groups = [group], Clients = [TestClient.Web.Id], From = idp.Clock.GetUtcNow().AddHours(1) });
        Assert.Equal("client", await MetAsync(TestClient.Web, member));
        await idp.ForwardAsync(TimeSpan.FromHours(2));
        Assert.Equal("/bind", await MetAsync(TestClient.Web, member));
        Assert.Equal("client", await MetAsync(TestClient.Calm, member));
        Assert.Equal("client", await MetAsync(TestClient.Web, stranger));
        await SaveAsync(new BindingPolicy { Name = group, Groups = [group], Disabled = true });
        Assert.Equal("client", await MetAsync(TestClient.Web, member));
    }

    [Fact]
    public async Task Who_asks_whether_the_last_factor_may_go_is_told_the_policy()
    {
        var group = NewGroup();
        await SaveAsync(new BindingPolicy { Name = group, Groups = [group], Factors = ["totp"] });
        var policies = idp.Service<BindingPolicies>();
        var member = new UserRecord { Id = "x", UserName = "x", Groups = [group] };
        var memberMay = await policies.MayLeaveAsync(member, Cancel);
        Assert.False(memberMay([]));
        Assert.False(memberMay(["email"]));
        Assert.True(memberMay(["totp"]));
        Assert.True((await policies.MayLeaveAsync(member with { Groups = [] }, Cancel))([]));
    }

    /// <summary>What one app allows often another allows once: the second one's count is not got round by way of the first.</summary>
    [Fact]
    public async Task What_was_put_off_under_a_lax_policy_is_not_put_off_under_a_stricter_one()
    {
        var group = NewGroup();
        var person = await PersonAsync(group);
        await SaveAsync(new BindingPolicy { Name = group + "-lax", Groups = [group], Clients = [TestClient.Calm.Id], Skips = 5 });
        await SaveAsync(new BindingPolicy { Name = group + "-strict", Groups = [group], Clients = [TestClient.Web.Id], Skips = 1 });
        using (var first = idp.Browser())
        {
            Assert.NotNull((await first.SubmitAsync(await PasswordAsync(first, idp.App(TestClient.Web).Ask(), person), Nothing, "/bind/skip")).Answer?["code"]);
            // The stricter one covers the laxer.
            Assert.NotNull((await first.OpenAsync(idp.App(TestClient.Calm).Ask().With("prompt", "none").Url)).MustAnswer()["code"]);
        }

        using var browser = idp.Browser();
        Assert.NotNull((await browser.SubmitAsync(await PasswordAsync(browser, idp.App(TestClient.Calm).Ask(), person), Nothing, "/bind/skip")).Answer?["code"]);
        Assert.NotNull((await browser.OpenAsync(idp.App(TestClient.Calm).Ask().With("prompt", "none").Url)).MustAnswer()["code"]);
        Assert.Equal("interaction_required", (await browser.OpenAsync(idp.App(TestClient.Web).Ask().With("prompt", "none").Url)).MustAnswer()["error"]);
        var at = await PasswordAsync(browser, idp.App(TestClient.Web).Ask(), person);
        Assert.Equal("/bind", at.At);
        Assert.Null(at.Page!.QuerySelector("form[action*='/bind/skip']"));
    }

    [Fact]
    public async Task A_password_typed_anew_is_a_new_question()
    {
        var person = await DemandedAsync(skips: 2);
        using var browser = idp.Browser();
        Assert.NotNull((await browser.SubmitAsync(await PasswordAsync(browser, idp.App(TestClient.Calm).Ask(), person), Nothing, "/bind/skip")).Answer?["code"]);
        var at = await PasswordAsync(browser, idp.App(TestClient.Calm).Ask().With("max_age", "0"), person);
        Assert.Equal("/bind", at.At);
        Assert.Contains("1", at.Page!.QuerySelector("#skips")!.TextContent, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Moves))]
    public async Task Nothing_goes_past_the_binding(string move)
    {
        ArgumentNullException.ThrowIfNull(move);
        var person = await DemandedAsync(skips: 0);
        using var browser = idp.Browser();
        using var other = idp.Browser();
        var at = await PasswordAsync(browser, idp.App(TestClient.Calm).Ask(), person);
        Assert.Equal("/bind", at.At);
        var (tx, csrf) = (at.Url.Query, Browser.Fields(at.Form())["__csrf"]);
        Stop result;
        if (move.StartsWith("choose", StringComparison.Ordinal))
        {
            var (offered, key) = await browser.OfferOtpAsync(at);
            var theirs = Browser.Fields((await other.OpenAsync(idp.App(TestClient.Calm).Ask().Url)).Form())["__csrf"];
            result = move.EndsWith("browser", StringComparison.Ordinal)
                ? await other.PostAsync("/bind" + tx, [new("__csrf", theirs), new("code", Otp.CodeAt(key, idp.Clock.GetUtcNow()))])
                : await browser.SubmitAsync(offered, Code("000000"), "/bind");
        }
        else if (move == "no csrf")
        {
            result = await browser.PostAsync("/bind/choose" + tx, [new("factor", "totp")]);
        }
        else
        {
            var words = move.Split(' ');
            var path = words[1].Contains('?', StringComparison.Ordinal) ? $"{words[1]}&{tx[1..]}" : words[1] + tx;
            result = words[0] == "get" ? await browser.VisitAsync(path)
                : await browser.PostAsync(path, [new("__csrf", csrf), .. words[2..].Select(word => word.Split('=')).Select(pair => KeyValuePair.Create(pair[0], pair[1] == "ME" ? person.Password : pair[1]))]);
        }

        Assert.True(result.Answer?["code"] is null && (int)result.Status < 500, $"{move}: {result.Describe()}");
        // A person's own pages are an app like any other: the password again, and then the binding.
        Assert.False(result.At.StartsWith("/account", StringComparison.Ordinal), $"{move}: {result.Describe()}");
        Assert.Null((await browser.OpenAsync(idp.App(TestClient.Calm).Ask().With("prompt", "none").Url)).MustAnswer()["code"]);
        var back = await browser.VisitAsync("/connect/continue" + tx);
        Assert.Equal("/bind", back.At);
        if (back.Page!.QuerySelector("form[action*='/bind/other']") is not null)
            back = await browser.SubmitAsync(back, Nothing, "/bind/other");
        var (page, secret) = await browser.OfferOtpAsync(back);
        var done = await browser.SubmitAsync(page, Code(Otp.CodeAt(secret, idp.Clock.GetUtcNow())), "/bind");
        Assert.True(done.Answer?["code"] is not null, $"after {move} the honest person is stuck: {done.Describe()}");
    }

    /// <summary>As when the owner says "not me" while a thief's code is on its way: the node may not know yet, the write has to.</summary>
    [Theory, InlineData("password_changed_at = @now, epoch = epoch + 1"), InlineData("disabled = true")]
    public async Task What_makes_the_typed_password_worthless_is_seen_by_the_write_that_binds(string change)
    {
        var person = await DemandedAsync(skips: 0);
        using var thief = idp.Browser();
        var (page, secret) = await thief.OfferOtpAsync(await PasswordAsync(thief, idp.App(TestClient.Web).Ask(), person));
        var id = (await idp.Service<Users>().FindByLoginAsync(person.UserName, Cancel))!.Id;
        Assert.Equal(1, await idp.Service<Database>().ExecuteAsync($"update users set {change} where id = @id", Cancel, ("@id", id), ("@now", idp.Clock.GetUtcNow().Stored())));

        var refused = await thief.SubmitAsync(page, Code(Otp.CodeAt(secret, idp.Clock.GetUtcNow())), "/bind");
        Assert.Null(refused.Answer?["code"]);
        Assert.Empty(await ListAsync(id));
    }

    private static string? Problem(Stop stop) => stop.Page?.QuerySelector("[data-problem]")?.GetAttribute("data-problem");

    private static Dictionary<string, string> Code(string code) => new() { ["code"] = code };

    private static string NewGroup() => "group-" + RandomNumberGenerator.GetHexString(12, lowercase: true);

    private async Task<string> MetAsync(TestClient client, Person person)
    {
        using var browser = idp.Browser();
        return (await PasswordAsync(browser, idp.App(client).Ask(), person)).At;
    }

    private static async Task<Stop> PasswordAsync(Browser browser, AuthorizationAsk ask, Person person) => await browser.SubmitAsync(
        await browser.OpenAsync(ask.Url), new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");

    private async Task<Person> DemandedAsync(int skips) =>
        await PersonAsync(await Demanding.GetOrAdd((idp.Issuer, skips), _ => new(() => DemandingGroupAsync(skips))).Value);

    private async Task<string> DemandingGroupAsync(int skips)
    {
        var group = NewGroup();
        await SaveAsync(new BindingPolicy { Name = group, Groups = [group], Skips = skips, Factors = ["totp"] });
        return group;
    }

    private async Task<Person> PersonAsync(string group)
    {
        var name = "of-" + NewGroup();
        var person = new Person(name, "correct-horse-for-" + name);
        Assert.NotNull(await idp.Service<Users>().AddAsync(new UserDraft { UserName = person.UserName, Email = person.Email, Groups = [group] }, person.Password, "tests", Cancel));
        return person;
    }

    private async Task SaveAsync(BindingPolicy policy)
    {
        var store = idp.Service<BindingPolicyStore>();
        await idp.Service<Database>().TransactAsync(async lane =>
        {
            await store.SaveAsync(lane, policy, "tests", Cancel);
            return true;
        }, Cancel);
        await idp.UntilAllKnowAsync();
    }

    private async Task<List<string>> ListAsync(string userId) => await idp.Service<Database>().ListAsync(
        "select id from factor_bindings where user_id = @user", row => row.GetString(0), Cancel, ("@user", userId));
}

public sealed class ForcedBinding_on_SQLite_and_memory(SqliteAttackHost host) : ForcedBindingTests(host.Idp), IClassFixture<SqliteAttackHost>;

[Thorough]
public sealed class ForcedBinding_on_PostgreSQL_and_Redis(PostgresAttackHost host) : ForcedBindingTests(host.Idp), IClassFixture<PostgresAttackHost>;
