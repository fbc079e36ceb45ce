using System.Net;
using IdP.Server.Accounts;
using IdP.Server.Recovery;
using IdP.Server.SignIn;
using IdP.Server.Storage;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>A stranger who knows the name delays strangers, never the owner: not in a browser they signed in with before, and not after a mailed reset.</summary>
public abstract class OwnerGetsInTests(TestIdp idp)
{
    private const string Fresh = "a new password altogether";

    // The owner's own address is among them: an office, or a proxy that says nothing.
    private static readonly IPAddress[] Addresses = [IPAddress.Loopback, .. Enumerable.Range(1, 49).Select(i => IPAddress.Parse("198.51.100." + i))];

    [Fact]
    public async Task An_hour_of_guesses_from_fifty_addresses_keeps_no_owner_out()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        var person = owner.Person;
        for (var round = 0; round < 6; round++)
        {
            await GuessAsync(person);
            SignOut(owner.Browser);
            await owner.CodeIsGoodAgainAsync();
            Assert.Equal("/account", (await owner.SignInAsync()).At);
            // The settings ask for the password, or a code, with the same counters.
            await owner.CodeIsGoodAgainAsync();
            Assert.Equal("/account/password", (await owner.ConfirmAsync(await owner.Browser.VisitAsync("/account/confirm?action=password&with=totp"))).At);
            await idp.ForwardAsync(TimeSpan.FromMinutes(10));
        }

        using var elsewhere = idp.Browser();
        await GuessAsync(person);
        var token = await idp.Service<Database>().TransactAsync(async lane => await idp.Service<PasswordReset>().MakeAsync(lane, await owner.IdAsync(), default), default);
        await owner.CodeIsGoodAgainAsync();
        var at = await elsewhere.SubmitAsync(await elsewhere.OpenAsync("/reset?token=" + token), new Dictionary<string, string> { ["code"] = person.CodeAt(idp.Clock) }, "/reset");
        at = await elsewhere.SubmitAsync(at, new Dictionary<string, string> { ["newPassword"] = Fresh, ["again"] = Fresh }, "/reset");
        Assert.Contains("done=yes", at.Url.Query, StringComparison.Ordinal);
        await GuessAsync(person);
        await owner.CodeIsGoodAgainAsync();
        at = await idp.PassAsync(elsewhere, await elsewhere.VisitAsync("/account"), person with { Password = Fresh });
        Assert.True(at.At == "/account", at.Describe());

        // A browser that nobody knows stays outside for as long.
        using var stranger = idp.Browser();
        Assert.Equal("/sign-in", (await idp.PassAsync(stranger, await stranger.VisitAsync("/account"), person with { Password = Fresh })).At);
    }

    /// <summary>Wrong passwords under both names and wrong codes, until nothing more is looked at, and polls on top.</summary>
    private async Task GuessAsync(Person person)
    {
        var (step, limits) = (idp.Service<PasswordStep>(), idp.Service<GuessLimits>());
        var id = (await idp.Service<Users>().FindByLoginAsync(person.UserName, default))!.Id;
        for (var poll = 0; poll < 3; poll++)
        {
            foreach (var address in Addresses)
                Assert.IsNotType<PasswordOutcome.Right>(await step.TryAsync(person.UserName, "a guess", address, default));
        }

        for (var poll = 0; poll < 100; poll++)
            await step.TryAsync(person.UserName, "a guess", IPAddress.Loopback, default);
        for (var guess = 0; guess < 11; guess++)
            await limits.TryReserveAsync(GuessLimits.FactorKey(id, "totp"), default);
    }

    private void SignOut(Browser browser) => browser.Cookies.GetCookies(new Uri(idp.Issuer))["idp.session"]!.Expired = true;
}

[Thorough]
public sealed class OwnerGetsIn_on_SQLite_and_memory(SqliteAttackHost host) : OwnerGetsInTests(host.Idp), IClassFixture<SqliteAttackHost>;

public sealed class OwnerGetsIn_on_PostgreSQL_and_Redis(PostgresAttackHost host) : OwnerGetsInTests(host.Idp), IClassFixture<PostgresAttackHost>;
