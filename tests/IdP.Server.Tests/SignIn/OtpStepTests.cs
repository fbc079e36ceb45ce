using System.Text.RegularExpressions;
using IdP.Server.Tests.Conformance;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>RFC 6238 §5.2: an app's clock may be a step off, no more; and no step is good twice.</summary>
public abstract partial class OtpStepTests(TestIdp idp)
{
    private const int Period = 30;

    [Theory]
    [InlineData(-2, false)]
    [InlineData(-1, true)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public async Task A_code_of_this_step_or_a_neighbour_is_taken_once(int step, bool taken)
    {
        using var owner = await Owner.WithOtpAsync(idp);
        await owner.CodeIsGoodAgainAsync();
        using var browser = idp.Browser();
        var at = await VerifyAsync(browser, owner.Person);
        AtTheBeginningOfAStep();
        var code = Otp.CodeAt(owner.Person.TotpSecret!, idp.Clock.GetUtcNow().AddSeconds(step * Period));
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = code }, "/verify");
        Assert.True((at.Answer?["code"] is not null) == taken, at.Describe());

        using var again = idp.Browser();
        at = await again.SubmitAsync(await VerifyAsync(again, owner.Person), new Dictionary<string, string> { ["code"] = code }, "/verify");
        Assert.True(at.Answer is null, at.Describe());
    }

    [Fact]
    public async Task A_fresh_secret_has_160_bits()
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        Assert.Matches(Base32OfTwentyBytes(), Owner.SecretOn(await owner.OpenGuardedAsync("/account/two-step/bind?factor=totp")));
    }

    // Half a minute for what follows, however slow the machine.
    private void AtTheBeginningOfAStep() => idp.Clock.Forward(TimeSpan.FromMilliseconds((Period * 1000) - (idp.Clock.GetUtcNow().ToUnixTimeMilliseconds() % (Period * 1000))));

    private async Task<Stop> VerifyAsync(Browser browser, Person person)
    {
        var at = await browser.SubmitAsync(
            await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url), new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        Assert.Equal("/verify", at.At);
        return at;
    }

    [GeneratedRegex("^[A-Z2-7]{32}$")]
    private static partial Regex Base32OfTwentyBytes();
}

[Collection(nameof(OnSqlite))]
public sealed class Otp_steps_on_SQLite_and_memory(SqliteHost host) : OtpStepTests(host.Idp);

[Collection(nameof(OnPostgres))]
public sealed class Otp_steps_on_PostgreSQL_and_Redis(PostgresHost host) : OtpStepTests(host.Idp);
