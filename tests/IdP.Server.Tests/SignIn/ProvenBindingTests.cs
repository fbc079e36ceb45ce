using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Factors.Totp;
using IdP.Server.StepUp;
using IdP.Server.Tests.Attacks;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>I-1: a second factor is proven with one binding, and counts no longer than that one is there, even where another of its kind is.</summary>
public abstract class ProvenBindingTests(TestIdp idp)
{
    private const string Demand = """{"id_token":{"acr":{"essential":true,"values":["mfa"]}}}""";

    [Theory, InlineData("rebind"), InlineData("unbind one of two"), InlineData("operator")]
    public async Task What_was_proven_with_an_app_that_is_gone_is_proven_no_more(string change)
    {
        using var owner = await Owner.WithOtpAsync(idp);
        using var elsewhere = idp.Browser();
        await owner.CodeIsGoodAgainAsync();
        Assert.NotNull((await idp.SignInAsync(elsewhere, idp.App(TestClient.Web).Ask(), owner.Person)).Answer?["code"]);
        Assert.NotNull((await SilentAsync(elsewhere))["code"]);
        var old = (await owner.BindingAsync("totp")).Id;

        switch (change)
        {
            case "rebind":
                await owner.BindOtpAsync(old);
                break;
            case "unbind one of two":
                await owner.BindOtpAsync();
                Assert.NotNull((await SilentAsync(elsewhere))["code"]);
                var page = await owner.OpenGuardedAsync("/account/two-step/unbind?id=" + old);
                Assert.Equal("/account/two-step", (await owner.Browser.SubmitAsync(page, new Dictionary<string, string>(), "/account/two-step/unbind")).At);
                break;
            default:
                owner.HasApp(Otp.NewSecret());
                await idp.Service<FactorBindings>().AddAsync(
                    await owner.IdAsync(), new("totp", null, new TotpSecret(owner.Person.TotpSecret!).ToBytes()), By.Tool("tests"), default, replaces: old);
                break;
        }

        Assert.Equal("interaction_required", (await SilentAsync(elsewhere))["error"]);
        var asked = await elsewhere.OpenAsync(idp.App(TestClient.Web).Ask().With("claims", Demand).Url);
        Assert.Equal("/verify", asked.At);
        await owner.CodeIsGoodAgainAsync();
        Assert.NotNull((await elsewhere.SubmitAsync(asked, new Dictionary<string, string> { ["code"] = owner.Person.CodeAt(idp.Clock) }, "/verify")).Answer?["code"]);
        Assert.NotNull((await SilentAsync(elsewhere))["code"]);
    }

    [Fact]
    public async Task A_fresh_proof_goes_with_the_app_that_gave_it()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        using var other = await owner.ElsewhereAsync();
        await owner.ProveAsync(GuardedAction.Password);
        Assert.True(await idp.Service<RecentProof>().IsThereAsync(await owner.AskerAsync(), GuardedAction.Password, TestContext.Current.CancellationToken));
        await other.BindOtpAsync((await owner.BindingAsync("totp")).Id);
        Assert.False(await idp.Service<RecentProof>().IsThereAsync(await owner.AskerAsync(), GuardedAction.Password, TestContext.Current.CancellationToken));
    }

    private async Task<IReadOnlyDictionary<string, string?>> SilentAsync(Browser browser)
    {
        var answer = (await browser.OpenAsync(idp.App(TestClient.Web).Ask().With("prompt", "none").With("claims", Demand).Url)).MustAnswer();
        return new Dictionary<string, string?> { ["code"] = answer["code"], ["error"] = answer["error"] };
    }
}

[Thorough]
public sealed class ProvenBinding_on_SQLite_and_memory(SqliteAttackHost host) : ProvenBindingTests(host.Idp), IClassFixture<SqliteAttackHost>;

public sealed class ProvenBinding_on_PostgreSQL_and_Redis(PostgresAttackHost host) : ProvenBindingTests(host.Idp), IClassFixture<PostgresAttackHost>;
