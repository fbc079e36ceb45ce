using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Storage;
using IdP.Server.StepUp;
using IdP.Server.Tests.Attacks;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Settings;

/// <summary>Two tabs, wrong addresses and new sessions: an offer binds what it was made for, where it was made, and what stands alone is there once.</summary>
public abstract class OfferTests(TestIdp idp)
{
    private static readonly Dictionary<string, string> Kept = new() { ["kept"] = "yes" };

    [Fact]
    public async Task Two_tabs_make_one_list_of_recovery_codes_and_it_is_the_one_that_was_kept()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        Stop[] tabs = [await owner.OpenGuardedAsync("/account/two-step/bind?factor=recovery"), await owner.OpenGuardedAsync("/account/two-step/bind?factor=recovery")];
        var done = await Race.RunAsync(2, n => owner.Browser.SubmitAsync(tabs[n], Kept, "/account/two-step/bind"));
        Assert.Single(done, stop => stop.Url.Query.Contains("done=bound", StringComparison.Ordinal));
        Assert.Equal("OfferOver", Problem(done.Single(stop => stop.At != "/account/two-step")));
        Assert.Single(await owner.BindingsAsync(), binding => binding.Factor == "recovery");

        using var elsewhere = idp.Browser();
        var at = await elsewhere.OpenAsync(idp.App(TestClient.Web).Ask().Url);
        at = await elsewhere.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = owner.Person.UserName, ["password"] = owner.Person.Password });
        at = await elsewhere.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = "recovery" }, "/verify/other");
        var won = tabs[Array.FindIndex(done, stop => stop.At == "/account/two-step")];
        Assert.NotNull((await elsewhere.SubmitAsync(at, new Dictionary<string, string> { ["code"] = won.Page!.QuerySelector("#codes code")!.TextContent }, "/verify")).Answer);
    }

    [Fact]
    public async Task An_address_that_is_bound_meanwhile_is_not_asked_for_once_more()
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        var tab = await owner.OpenGuardedAsync("/account/two-step/bind?factor=email");
        var (offered, code) = await OfferMailAsync(owner, tab);
        Assert.Equal("/account/two-step", (await owner.AnswerAsync(offered, code)).At);
        var mails = idp.Postbox.Delivered.Count(mail => mail.Recipient == Backup(owner));
        var again = await owner.Browser.SubmitAsync(tab, new Dictionary<string, string> { ["said"] = Backup(owner) }, "/account/two-step/bind/offer");
        Assert.Equal("/account/two-step", again.At);
        Assert.Equal(mails, idp.Postbox.Delivered.Count(mail => mail.Recipient == Backup(owner)));
    }

    /// <summary>I-1: a code that came by mail is no OTP, whatever the address says.</summary>
    [Fact]
    public async Task An_offer_is_answered_only_at_its_own_address_and_proves_what_it_bound()
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        var (offered, code) = await OfferMailAsync(owner, await owner.OpenGuardedAsync("/account/two-step/bind?factor=email"));
        var fields = Browser.Fields(offered.Form("/account/two-step/bind"));
        fields["code"] = code;
        var mixed = await owner.Browser.PostAsync("/account/two-step/bind?factor=totp&offer=" + IdOf(offered), fields);
        Assert.Equal("OfferOver", Problem(mixed));
        Assert.Empty(await owner.BindingsAsync());
        Assert.Empty(await ProvenAsync(owner));

        Assert.Equal("/account/two-step", (await owner.AnswerAsync(offered, code)).At);
        Assert.Equal("email", Assert.Single(await owner.BindingsAsync()).Factor);
        Assert.Equal("email", Assert.Single(await ProvenAsync(owner)));
    }

    [Fact]
    public async Task An_offer_for_one_more_app_replaces_none()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        var old = await owner.BindingAsync("totp");
        var offered = await owner.OpenGuardedAsync("/account/two-step/bind?factor=totp");
        var fields = Browser.Fields(offered.Form("/account/two-step/bind"));
        fields["code"] = Otp.CodeAt(Owner.SecretOn(offered), idp.Clock.GetUtcNow());
        Assert.Equal("OfferOver", Problem(await owner.Browser.PostAsync($"/account/two-step/bind?factor=totp&replaces={old.Id}&offer={IdOf(offered)}", fields)));
        Assert.Equal(old.Id, Assert.Single(await owner.BindingsAsync()).Id);
    }

    [Fact]
    public async Task An_offer_ends_with_the_session_it_was_made_in()
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        var offered = await owner.OpenGuardedAsync("/account/two-step/bind?factor=totp");
        owner.Browser.Forget("idp.session");
        Assert.Equal("/account", (await owner.SignInAsync()).At);
        Assert.Equal("OfferOver", Problem(await owner.AnswerAsync(offered, Otp.CodeAt(Owner.SecretOn(offered), idp.Clock.GetUtcNow()))));
        Assert.Empty(await owner.BindingsAsync());
    }

    [Fact]
    public async Task Of_two_tabs_that_unbind_the_last_two_apps_a_policy_stops_one()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        var (id, group) = (await owner.IdAsync(), "group-" + owner.Person.UserName);
        var first = await owner.BindingAsync("totp");
        var second = (await idp.Service<FactorBindings>().AddAsync(id, new("totp", "second", first.Data), By.Tool("tests"), default))!;
        await idp.Service<Database>().ExecuteAsync("update users set groups = @group where id = @id", default, ("@group", group), ("@id", id));
        await idp.Service<Database>().TransactAsync(async lane =>
        {
            await idp.Service<BindingPolicyStore>().SaveAsync(lane, new() { Name = group, Groups = [group] }, "tests", default);
            return true;
        }, default);
        await idp.UntilAllKnowAsync();

        Stop[] tabs = [await owner.OpenGuardedAsync("/account/two-step/unbind?id=" + first.Id), await owner.OpenGuardedAsync("/account/two-step/unbind?id=" + second.Id)];
        var done = await Race.RunAsync(2, n => owner.Browser.SubmitAsync(tabs[n], new Dictionary<string, string>(), "/account/two-step/unbind"));
        // The slower tab is refused, or finds that its session goes on under another handle and is asked to sign in.
        var unbound = Assert.Single(done, stop => stop.Url.Query.Contains("done=unbound", StringComparison.Ordinal));
        Assert.Equal("/account/two-step", unbound.At);
        Assert.Single(await owner.BindingsAsync());
    }

    [Fact]
    public async Task Recovery_codes_that_were_offered_are_not_made_once_the_last_factor_has_gone()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        var codes = await owner.OpenGuardedAsync("/account/two-step/bind?factor=recovery");
        await owner.Browser.SubmitAsync(await AtUnbindAsync(owner), Kept, "/account/two-step/unbind");
        Assert.Empty(await owner.BindingsAsync());
        Assert.Equal("OfferOver", Problem(await owner.Browser.SubmitAsync(codes, Kept, "/account/two-step/bind")));
        Assert.Empty(await owner.BindingsAsync());
    }

    /// <summary>Whichever comes first, nobody is left with ten sign-ins and no factor.</summary>
    [Fact]
    public async Task Recovery_codes_confirmed_while_the_last_factor_goes_never_stay_alone()
    {
        for (var round = 0; round < 12; round++)
        {
            using var owner = await Owner.WithOtpAsync(idp);
            Stop[] tabs = [await owner.OpenGuardedAsync("/account/two-step/bind?factor=recovery"), await AtUnbindAsync(owner)];
            string[] actions = ["/account/two-step/bind", "/account/two-step/unbind"];
            var done = await Race.RunAsync(2, n => owner.Browser.SubmitAsync(tabs[n], Kept, actions[n]));
            Assert.Contains("done=unbound", done[1].Url.Query, StringComparison.Ordinal);
            Assert.Empty(await owner.BindingsAsync());
        }
    }

    private static async Task<Stop> AtUnbindAsync(Owner owner) => await owner.OpenGuardedAsync("/account/two-step/unbind?id=" + (await owner.BindingAsync("totp")).Id);

    private static string? Problem(Stop stop) => stop.Page?.QuerySelector("[data-problem]")?.GetAttribute("data-problem");

    private static string IdOf(Stop offered) => Browser.ParseQuery(offered.Url.Query).First(pair => pair.Key == "offer").Value;

    private static string Backup(Owner owner) => $"{owner.Person.UserName}@elsewhere.example";

    private async Task<(Stop At, string Code)> OfferMailAsync(Owner owner, Stop asked)
    {
        var at = await owner.Browser.SubmitAsync(asked, new Dictionary<string, string> { ["said"] = Backup(owner) }, "/account/two-step/bind/offer");
        var mail = idp.Postbox.Delivered.Last(mail => mail.Recipient == Backup(owner));
        return (at, mail.Text.Split('\n').First(line => line.Length == 6 && line.All(char.IsAsciiDigit)));
    }

    private async Task<List<string>> ProvenAsync(Owner owner) =>
        [.. (await idp.Service<Sessions>().ListAsync(await owner.IdAsync(), default)).SelectMany(line => line.Session.Proofs.Factors).Select(proof => proof.Factor)];
}

public sealed class Offers_on_SQLite_and_memory(SqliteAttackHost host) : OfferTests(host.Idp), IClassFixture<SqliteAttackHost>;

[Thorough]
public sealed class Offers_on_PostgreSQL_and_Redis(PostgresAttackHost host) : OfferTests(host.Idp), IClassFixture<PostgresAttackHost>;
