using System.Net;
using IdP.Server.Accounts;
using IdP.Server.Hosting;
using IdP.Server.StepUp;
using IdP.Server.Storage;
using IdP.Server.Tests.Attacks;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Settings;

/// <summary>J-20, J-24, J-27, J-31, J-34: what a person binds, changes and takes away on their own pages.</summary>
public abstract class BindingTests(TestIdp idp)
{
    [Fact]
    public async Task An_OTP_app_is_bound_with_the_password_when_nothing_is_bound_and_asked_for_from_then_on()
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        await owner.BindOtpAsync();
        Assert.Equal("totp", Assert.Single(await owner.BindingsAsync()).Factor);

        using var elsewhere = idp.Browser();
        var at = await elsewhere.OpenAsync(idp.App(TestClient.Web).Ask().Url);
        at = await elsewhere.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = owner.Person.UserName, ["password"] = owner.Person.Password });
        Assert.Equal("/verify", at.At);
    }

    [Fact]
    public async Task The_code_that_bound_an_app_does_not_sign_in_as_well()
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        await owner.BindOtpAsync();
        using var elsewhere = idp.Browser();
        var at = await idp.SignInAsync(elsewhere, idp.App(TestClient.Web).Ask(), owner.Person);
        Assert.Equal("/verify", at.At);
        Assert.Equal("CodeUsed", at.Page!.QuerySelector("[data-problem]")!.GetAttribute("data-problem"));
    }

    [Fact]
    public async Task Several_apps_may_be_bound_by_name_and_each_signs_in()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        var offer = await owner.OpenGuardedAsync("/account/two-step/bind?factor=totp");
        var second = Owner.SecretOn(offer);
        await owner.AnswerAsync(offer, Otp.CodeAt(second, idp.Clock.GetUtcNow()), "平板 tablet");
        Assert.Equal([null, "平板 tablet"], (await owner.BindingsAsync()).Select(binding => binding.Label));

        await owner.CodeIsGoodAgainAsync();
        foreach (var secret in (string[])[owner.Person.TotpSecret!, second])
        {
            using var elsewhere = idp.Browser();
            Assert.NotNull((await idp.SignInAsync(elsewhere, idp.App(TestClient.Web).Ask(), owner.Person with { TotpSecret = secret })).Answer);
        }
    }

    [Fact]
    public async Task The_old_app_works_until_the_new_one_is_proven()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        var old = await owner.BindingAsync("totp");
        var offer = await owner.OpenGuardedAsync($"/account/two-step/bind?factor=totp&replaces={old.Id}");
        var wrong = await owner.AnswerAsync(offer, owner.Person.WrongCodeAt(idp.Clock));
        Assert.Equal("WrongCode", wrong.Page!.QuerySelector("[data-problem]")!.GetAttribute("data-problem"));
        Assert.Equal(old.Id, Assert.Single(await owner.BindingsAsync()).Id);
        var (before, after) = (owner.Person, owner.Person with { TotpSecret = Owner.SecretOn(wrong) });
        Assert.NotNull((await SignInAsync(owner, before)).Answer);
        Assert.Equal(("/verify", "WrongCode"), await RefusalAsync(owner, after));

        await owner.AnswerAsync(wrong, after.CodeAt(idp.Clock));
        var fresh = Assert.Single(await owner.BindingsAsync());
        Assert.NotEqual(old.Id, fresh.Id);
        Assert.Equal(("/verify", "WrongCode"), await RefusalAsync(owner, before));
        Assert.NotNull((await SignInAsync(owner, after)).Answer);
    }

    [Fact]
    public async Task What_an_app_scans_names_server_and_account_and_holds_the_key_that_is_there_to_type()
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        var page = await owner.OpenGuardedAsync("/account/two-step/bind?factor=totp");
        var id = Browser.ParseQuery(page.Url.Query).First(pair => pair.Key == "offer").Value;
        var offer = await idp.Service<Enrolments>().FindAsync(id, await owner.IdAsync(), (await owner.AskerAsync()).Place, default);
        var uri = new Uri(offer!.Show["uri"]);
        // The picture is of this and of nothing else.
        Assert.Equal(QrPicture.Of(uri.OriginalString).Path, page.Page!.QuerySelector("svg.qr path")!.GetAttribute("d"));

        var brand = idp.Service<IdpOptions>().Brand.Name;
        Assert.Equal(("otpauth", "totp", $"/{brand}:{owner.Person.UserName}"), (uri.Scheme, uri.Host, Uri.UnescapeDataString(uri.AbsolutePath)));
        var values = Browser.ParseQuery(uri.Query).ToDictionary(pair => pair.Key, pair => pair.Value);
        Assert.Equal((brand, Owner.SecretOn(page), "SHA1", "6", "30"), (values["issuer"], values["secret"], values["algorithm"], values["digits"], values["period"]));
    }

    [Fact]
    public async Task An_unbound_app_is_asked_for_no_more()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        var page = await owner.OpenGuardedAsync($"/account/two-step/unbind?id={(await owner.BindingAsync("totp")).Id}");
        Assert.Equal("/account/two-step", (await owner.Browser.SubmitAsync(page, new Dictionary<string, string>(), "/account/two-step/unbind")).At);
        Assert.Empty(await owner.BindingsAsync());
        using var elsewhere = idp.Browser();
        Assert.NotNull((await idp.SignInAsync(elsewhere, idp.App(TestClient.Web).Ask(), owner.Person)).Answer);
    }

    [Fact]
    public async Task Ten_recovery_codes_sign_in_once_each_however_they_are_typed()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        var codes = await owner.MakeCodesAsync();
        Assert.Equal(10, codes.Distinct().Count());

        using var elsewhere = idp.Browser();
        Assert.NotNull((await UseAsync(elsewhere, owner, codes[0].ToUpperInvariant().Replace("-", " ", StringComparison.Ordinal))).Answer);
        using var third = idp.Browser();
        var again = await UseAsync(third, owner, codes[0]);
        Assert.Equal("CodeUsed", again.Page!.QuerySelector("[data-problem]")!.GetAttribute("data-problem"));
        var list = await owner.Browser.VisitAsync("/account/two-step");
        Assert.Contains("Codes left: 9", list.Page!.QuerySelector("[data-factor=recovery]")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_many_who_use_one_recovery_code_at_once_one_gets_in()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        var code = (await owner.MakeCodesAsync())[0];
        List<(Browser Browser, Stop At)> waiting = [];
        for (var caller = 0; caller < 8; caller++)
        {
            var browser = idp.Browser();
            waiting.Add((browser, await AtRecoveryAsync(browser, owner)));
        }

        var results = await Race.RunAsync(8, async caller => (await TypeAsync(waiting[caller].Browser, waiting[caller].At, code)).Answer is not null);
        Assert.Single(results, true);
        waiting.ForEach(one => one.Browser.Dispose());
    }

    [Fact]
    public async Task New_recovery_codes_make_the_old_ones_worthless_and_no_sooner()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        var old = await owner.MakeCodesAsync();
        var binding = await owner.BindingAsync("recovery");
        var offer = await owner.OpenGuardedAsync($"/account/two-step/bind?factor=recovery&replaces={binding.Id}");
        using (var meanwhile = idp.Browser())
            Assert.NotNull((await UseAsync(meanwhile, owner, old[1])).Answer);
        await owner.Browser.SubmitAsync(offer, new Dictionary<string, string>(), "/account/two-step/bind");
        using var later = idp.Browser();
        Assert.Null((await UseAsync(later, owner, old[2])).Answer);
    }

    [Fact]
    public async Task Recovery_codes_need_another_factor_and_go_with_the_last_one()
    {
        using var bare = await Owner.WithoutFactorAsync(idp);
        var refused = await bare.OpenGuardedAsync("/account/two-step/bind?factor=recovery");
        Assert.Equal("Refused", refused.Page!.QuerySelector("[data-problem]")!.GetAttribute("data-problem"));

        using var owner = await Owner.WithOtpAsync(idp);
        await owner.MakeCodesAsync();
        var page = await owner.OpenGuardedAsync($"/account/two-step/unbind?id={(await owner.BindingAsync("totp")).Id}");
        await owner.Browser.SubmitAsync(page, new Dictionary<string, string>(), "/account/two-step/unbind");
        Assert.Empty(await owner.BindingsAsync());
    }

    [Fact]
    public async Task Fewer_than_three_codes_are_worth_a_word()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        var codes = await owner.MakeCodesAsync();
        foreach (var (code, left) in codes[..8].Select((code, n) => (code, 9 - n)))
        {
            using var browser = idp.Browser();
            Assert.NotNull((await UseAsync(browser, owner, code)).Answer);
            // At the next sign-in, whatever it is done with.
            using var next = idp.Browser();
            var asked = await next.OpenAsync(idp.App(TestClient.Web).Ask().Url);
            asked = await next.SubmitAsync(asked, new Dictionary<string, string> { ["userName"] = owner.Person.UserName, ["password"] = owner.Person.Password });
            Assert.Equal(left < 3, asked.Page!.QuerySelector("[data-warning]") is not null);
            asked = await next.SubmitAsync(asked, new Dictionary<string, string> { ["factor"] = "totp" }, asked.Page.QuerySelector("[data-factor=totp]") is null ? "/verify/other" : "/verify");
            Assert.Equal(left < 3, asked.Page!.QuerySelector("[data-warning]")?.TextContent.Contains("Only 2", StringComparison.Ordinal) is true);
        }

        var list = await owner.Browser.VisitAsync("/account/two-step");
        Assert.Contains("Only 2", list.Page!.QuerySelector("[data-factor=recovery]")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recovery_codes_can_be_had_as_a_file_by_their_owner_only()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        var offer = await owner.OpenGuardedAsync("/account/two-step/bind?factor=recovery");
        var link = offer.Page!.QuerySelector("a[download]")!.GetAttribute("href")!;
        var file = await owner.Browser.VisitAsync(link);
        Assert.Equal(HttpStatusCode.OK, file.Status);
        Assert.StartsWith("text/plain", file.Trail[^1].Head["Content-Type"], StringComparison.Ordinal);
        Assert.Equal("no-store", file.Trail[^1].Head["Cache-Control"]);
        using var stranger = await Owner.WithOtpAsync(idp);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.Browser.VisitAsync(link)).Status);
    }

    [Fact]
    public async Task Ids_of_other_peoples_bindings_are_unknown()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        using var stranger = await Owner.WithOtpAsync(idp);
        var theirs = (await owner.BindingAsync("totp")).Id;
        foreach (var path in (string[])[$"/account/two-step/unbind?id={theirs}", $"/account/two-step/bind?factor=totp&replaces={theirs}", $"/account/confirm?action=unbind:{theirs}", $"/account/confirm?action=rebind:{theirs}"])
            Assert.Equal(HttpStatusCode.NotFound, (await stranger.Browser.VisitAsync(path)).Status);
        Assert.Single(await owner.BindingsAsync());
    }

    [Fact]
    public async Task An_offer_takes_five_answers_and_ten_minutes_and_then_nothing()
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        var offer = await owner.OpenGuardedAsync("/account/two-step/bind?factor=totp");
        var secret = Owner.SecretOn(offer);
        for (var wrong = 0; wrong < 5; wrong++)
            await owner.AnswerAsync(offer, (owner.Person with { TotpSecret = secret }).WrongCodeAt(idp.Clock));
        await owner.AnswerAsync(offer, Otp.CodeAt(secret, idp.Clock.GetUtcNow()));
        Assert.Empty(await owner.BindingsAsync());

        await idp.ForwardAsync(TimeSpan.FromMinutes(11));
        offer = await owner.OpenGuardedAsync("/account/two-step/bind?factor=totp");
        secret = Owner.SecretOn(offer);
        await idp.ForwardAsync(TimeSpan.FromMinutes(10.1));
        var late = await owner.AnswerAsync(offer, Otp.CodeAt(secret, idp.Clock.GetUtcNow()));
        Assert.Equal("OfferOver", late.Page!.QuerySelector("[data-problem]")!.GetAttribute("data-problem"));
        Assert.Empty(await owner.BindingsAsync());
    }

    [Fact]
    public async Task Of_many_right_answers_at_once_one_binds()
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        var offer = await owner.OpenGuardedAsync("/account/two-step/bind?factor=totp");
        var code = Otp.CodeAt(Owner.SecretOn(offer), idp.Clock.GetUtcNow());
        await Race.RunAsync(5, _ => owner.AnswerAsync(offer, code));
        Assert.Single(await owner.BindingsAsync());
    }

    /// <summary>The page may have been read before: what an operator has taken away since stays away.</summary>
    [Fact]
    public async Task Personal_data_bring_nothing_back_that_an_operator_has_changed()
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        var page = await owner.Browser.VisitAsync("/account/profile");
        await idp.Service<Database>().ExecuteAsync("update users set is_admin = true, email = 'moved@example.com' where id = @id", default, ("@id", await owner.IdAsync()));
        await owner.Browser.SubmitAsync(page, new Dictionary<string, string> { ["name"] = "名字 Name", ["locale"] = "zh-Hans" }, "/account/profile");
        var now = (await idp.Service<Users>().FindByLoginAsync(owner.Person.UserName, default))!;
        Assert.Equal((true, "moved@example.com", "zh-Hans"), (now.IsAdmin, now.Email, now.Locale));
        Assert.StartsWith("名字", now.Name, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_for_the_day_the_others_are_lost_is_asked_for_last()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        await owner.MakeCodesAsync();
        using var elsewhere = idp.Browser();
        var at = await elsewhere.OpenAsync(idp.App(TestClient.Web).Ask().Url);
        at = await elsewhere.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = owner.Person.UserName, ["password"] = owner.Person.Password });
        Assert.Equal("totp", at.Page!.QuerySelector("[data-factor]")!.GetAttribute("data-factor"));
    }

    private async Task<Stop> SignInAsync(Owner owner, Person person)
    {
        await owner.CodeIsGoodAgainAsync();
        using var elsewhere = idp.Browser();
        return await idp.SignInAsync(elsewhere, idp.App(TestClient.Web).Ask(), person);
    }

    private async Task<(string At, string? Problem)> RefusalAsync(Owner owner, Person person)
    {
        var at = await SignInAsync(owner, person);
        return (at.At, at.Page?.QuerySelector("[data-problem]")?.GetAttribute("data-problem"));
    }

    private async Task<Stop> UseAsync(Browser browser, Owner owner, string code) => await TypeAsync(browser, await AtRecoveryAsync(browser, owner), code);

    private static Task<Stop> TypeAsync(Browser browser, Stop at, string code) =>
        browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = code }, "/verify");

    private async Task<Stop> AtRecoveryAsync(Browser browser, Owner owner)
    {
        var at = await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url);
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = owner.Person.UserName, ["password"] = owner.Person.Password });
        return at.Page!.QuerySelector("[data-factor]")!.GetAttribute("data-factor") == "recovery"
            ? at
            : await browser.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = "recovery" }, "/verify/other");
    }
}

public sealed class Binding_on_SQLite_and_memory(SqliteAttackHost host) : BindingTests(host.Idp), IClassFixture<SqliteAttackHost>;

[Thorough]
public sealed class Binding_on_PostgreSQL_and_Redis(PostgresAttackHost host) : BindingTests(host.Idp), IClassFixture<PostgresAttackHost>;
