using IdP.Server.Hosting;
using IdP.Server.StepUp;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>How many codes one mailbox gets: purposes and accounts cannot be added up to flood it, and a sign-in is kept a place.</summary>
public abstract class CodeLimitsContract(TestIdp idp)
{
    private static readonly byte[] Browser = new byte[32];
    private static int mailboxes;

    [Fact]
    public async Task Accounts_and_purposes_share_what_a_mailbox_gets_and_a_sign_in_has_a_reserve()
    {
        var owner = await FactorPerson.AddAsync(idp, "email");
        var others = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => FactorPerson.AddAsync(idp, "totp")));
        // Spelled in all ways that reach it, from many accounts and through all nodes at once.
        string[] spelled = [owner.Mailbox, owner.Mailbox.ToUpperInvariant(), owner.Mailbox.Replace("@", "+bomb@", StringComparison.Ordinal)];
        var offers = await Race.RunAsync(24, n => OfferAsync(others[n % 4], spelled[n % 3], n % idp.Ports.Count));
        Assert.Equal(2, offers.Count(offer => offer.OfferId is not null));
        Assert.All(offers.Where(offer => offer.OfferId is null), offer => Assert.Equal("TooMany", offer.Refused));
        // A change waits like any other.
        var change = await StartAsync(owner, "settings:s1:password");
        Assert.Equal(("TooMany", true), (change.Reason, change.AgainAt > idp.Clock.GetUtcNow()));

        Assert.NotNull((await StartAsync(owner, "sign-in:1")).Challenge);
        Assert.Equal("TooMany", (await StartAsync(owner, "sign-in:2")).Reason);
        idp.Clock.Forward(TimeSpan.FromMinutes(10));
        Assert.NotNull((await StartAsync(owner, "settings:s2:password")).Challenge);
    }

    [Fact]
    public async Task The_tenth_code_of_a_day_is_kept_for_a_sign_in()
    {
        var owner = await FactorPerson.AddAsync(idp, "email");
        for (var sent = 0; sent < 9; sent++)
        {
            Assert.NotNull((await StartAsync(owner, $"settings:s{sent}:password")).Challenge);
            idp.Clock.Forward(TimeSpan.FromMinutes(6));
        }

        Assert.Equal("TooManyToday", (await StartAsync(owner, "settings:s9:password")).Reason);
        Assert.NotNull((await StartAsync(owner, "sign-in:9")).Challenge);
        Assert.Equal("TooManyToday", (await StartAsync(owner, "sign-in:10")).Reason);
    }

    [Fact]
    public async Task A_typo_costs_the_right_address_nothing()
    {
        var person = await FactorPerson.AddAsync(idp, "totp");
        var typo = Mailbox();
        Assert.NotNull((await OfferAsync(person, typo)).OfferId);
        Assert.NotNull((await OfferAsync(person, typo)).OfferId);
        Assert.Equal("TooMany", (await OfferAsync(person, typo)).Refused);
        Assert.NotNull((await OfferAsync(person, person.Mailbox)).OfferId);
    }

    /// <summary>An account is no means to write to many strangers.</summary>
    [Fact]
    public async Task One_account_sends_six_codes_in_ten_minutes_to_whatever_mailboxes()
    {
        var person = await FactorPerson.AddAsync(idp, "totp");
        var offers = await Race.RunAsync(12, n => OfferAsync(person, Mailbox(), n % idp.Ports.Count));
        Assert.Equal(6, offers.Count(offer => offer.OfferId is not null));
    }

    private static string Mailbox() => $"mailbox{Interlocked.Increment(ref mailboxes)}@elsewhere.example";

    private Task<ChallengeStart> StartAsync(FactorPerson person, string purpose) =>
        idp.Service<StepUpService>().StartAsync(person.Id, "email", purpose, Browser, null, default);

    private Task<(string? OfferId, string? Refused)> OfferAsync(FactorPerson person, string said, int node = 0)
    {
        var enrolments = idp.Service<Enrolments>(node);
        return enrolments.OfferAsync(enrolments.Find("email")!, new(person.Id, person.UserName, Circumstances.Unknown), Browser, said, null, default);
    }
}

public sealed class Code_limits_on_SQLite_and_memory(SqliteFactorHost host) : CodeLimitsContract(host.Idp), IClassFixture<SqliteFactorHost>;

public sealed class Code_limits_on_PostgreSQL_and_Redis(PostgresFactorHost host) : CodeLimitsContract(host.Idp), IClassFixture<PostgresFactorHost>;
